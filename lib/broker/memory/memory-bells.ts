import type { Partition } from '../partition.js';
import { MAX_SLEEP_MS, type Ring, type SleepRequest } from '../task-broker.js';

/** Bells of queues, of those that wait for room in them, and of single workers. Each rings until somebody has heard it. */
export class MemoryBells {
  private readonly rung = new Set<string>();
  private onRing: (() => void) | undefined;
  private endSleep: (() => void) | undefined;

  ring(partition: Partition): void {
    this.sound(bellOf(partition));
  }

  /** For those that have to wait until others have ended. */
  ringRoom(partition: Partition): void {
    this.sound(roomOf(partition));
  }

  ringWorker(partition: Partition, worker: string): void {
    this.sound(workerOf(partition, worker));
  }

  async sleep({ partitions, heldUp = [], workers, timeoutMs }: SleepRequest): Promise<Ring | null> {
    const rings = new Map<string, Ring>();
    for (const partition of partitions) rings.set(bellOf(partition), { partition, isPersonal: false });
    for (const partition of heldUp) rings.set(roomOf(partition), { partition, isPersonal: false, isForRoom: true });
    for (const { partition, worker } of workers) {
      rings.set(workerOf(partition, worker), { partition, isPersonal: true });
    }
    const hear = (): Ring | null => {
      const heard = [...rings.keys()].find((bell) => this.rung.delete(bell));
      return (heard === undefined ? undefined : rings.get(heard)) ?? null;
    };
    return hear() ?? (await this.untilHeard(hear, Math.min(timeoutMs, MAX_SLEEP_MS)));
  }

  wake(): void {
    this.endSleep?.();
  }

  private async untilHeard(hear: () => Ring | null, timeoutMs: number): Promise<Ring | null> {
    return new Promise((resolve) => {
      const end = (ring: Ring | null): void => {
        clearTimeout(timer);
        this.onRing = this.endSleep = undefined;
        resolve(ring);
      };
      const timer = setTimeout(end, timeoutMs, null);
      this.endSleep = () => end(null);
      this.onRing = () => {
        const ring = hear();
        if (ring) end(ring);
      };
    });
  }

  private sound(bell: string): void {
    this.rung.add(bell);
    this.onRing?.();
  }
}

// A space cannot stand in the name of a queue.
const bellOf = (partition: Partition): string => partition;
const roomOf = (partition: Partition): string => `${partition} room`;
const workerOf = (partition: Partition, worker: string): string => `${partition} worker ${worker}`;
