import type { Partition } from '../partition.js';
import type { StatusListener, StatusWatch } from '../status-watch.js';

/** Who watches which tasks. An entry is good until it is left. */
export class MemoryWatches {
  private readonly entered = new Map<StatusListener, Set<string>>();

  open(listener: StatusListener): StatusWatch {
    const keys = new Set<string>();
    this.entered.set(listener, keys);
    return {
      enter: async (partition, ids) => ids.forEach((id) => keys.add(keyOf(partition, id))),
      leave: async (partition, ids) => ids.forEach((id) => keys.delete(keyOf(partition, id))),
      close: () => this.entered.delete(listener),
    };
  }

  changed(partition: Partition, id: string): void {
    for (const [listener, keys] of this.entered) if (keys.has(keyOf(partition, id))) listener.changed(partition, id);
  }
}

function keyOf(partition: Partition, id: string): string {
  return `${partition}:${id}`;
}
