import type { Lock } from '../lock.js';
import type { MemoryQueue } from './memory-queue.js';

/** Who holds a key: until a moment, or as long as the statuses of these tasks say. */
type Entry =
  | { until: 'started' | 'finished' | number; id: string }
  /** The task that nobody has taken yet, and the one before it; empty where there is none. */
  | { until: 'debounce'; id: string; before: string };

/** How tasks hold keys. Whether a key is still held is asked of the statuses, so one that nobody gave back holds no more. */
export class MemoryLocks {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly queue: MemoryQueue) {}

  /** @returns the task that holds the key of a `UniqueLock` */
  holder({ key }: Lock): string | undefined {
    const entry = this.entries.get(key);
    return entry && this.holds(entry) ? entry.id : undefined;
  }

  /** Of a debounced key: the task that nobody has taken yet, and the one before it that has not ended; else empty. */
  debounced({ key }: Lock): { pending: string; before: string } {
    const entry = this.entries.get(key);
    if (entry?.until !== 'debounce') return { pending: '', before: '' };
    const { statuses } = this.queue;
    return {
      pending: statuses.isPending(entry.id) ? entry.id : '',
      before: statuses.hasEnded(entry.before || undefined) ? '' : entry.before,
    };
  }

  hold(lock: Lock, id: string, before = ''): void {
    this.forgetOld();
    if (!('until' in lock)) return this.write(lock.key, id, before);
    const { until } = lock;
    this.entries.set(lock.key, { id, until: typeof until === 'number' ? this.queue.clock.nowMs + until : until });
  }

  /** A worker holds it from now on. */
  taken(id: string): void {
    const lock = this.queue.statuses.get(id)?.lock;
    const entry = lock === undefined ? undefined : this.entries.get(lock);
    if (lock === undefined || entry?.id !== id) return;
    if (entry.until === 'started') this.entries.delete(lock);
    if (entry.until === 'debounce') this.write(lock, '', id);
  }

  /** A task may have ended that held this key: its status may be gone by now. */
  ended(id: string, lock: string | undefined, wasCalledOff = false): void {
    const entry = lock === undefined ? undefined : this.entries.get(lock);
    if (lock === undefined || !entry || !this.queue.statuses.hasEnded(id)) return;
    if (entry.until === 'debounce') {
      if (entry.id === id) this.write(lock, '', entry.before);
      else if (entry.before === id) {
        this.write(lock, entry.id, '');
        if (entry.id !== '') this.letPass(entry.id);
      }
    } else if (entry.id === id && (wasCalledOff || typeof entry.until !== 'number')) {
      this.entries.delete(lock);
    }
  }

  clear(): void {
    this.entries.clear();
  }

  /** What waited for another task to end is due when it was, which is over. */
  private letPass(id: string): void {
    const { statuses, scheduled, clock } = this.queue;
    const due = statuses.get(id)?.due;
    statuses.write(id, { after: undefined });
    if (due === undefined || due > clock.nowMs) return;
    const found = scheduled.remove(id);
    if (found) scheduled.add(found.task, due);
    this.queue.ring();
  }

  private write(key: string, id: string, before: string): void {
    if (id === '' && before === '') this.entries.delete(key);
    else this.entries.set(key, { until: 'debounce', id, before });
  }

  private holds(entry: Entry): boolean {
    const { statuses, clock } = this.queue;
    switch (entry.until) {
      case 'finished':
        return !statuses.hasEnded(entry.id);
      case 'started':
        return statuses.isPending(entry.id);
      case 'debounce':
        return statuses.isPending(entry.id) || !statuses.hasEnded(entry.before || undefined);
      default:
        return entry.until > clock.nowMs;
    }
  }

  private forgetOld(): void {
    for (const [key, entry] of this.entries) if (!this.holds(entry)) this.entries.delete(key);
  }
}
