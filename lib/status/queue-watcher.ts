import {
  catchError,
  defer,
  EMPTY,
  exhaustMap,
  finalize,
  map,
  merge,
  type Observable,
  ReplaySubject,
  share,
  Subject,
  tap,
  timer,
} from 'rxjs';
import { partitionOf } from '../broker/partition.js';
import type { QueueReadings } from '../broker/queue-readings.js';
import { RedisUnavailableError, WatchClosedError } from '../errors/index.js';
import { type QueueSnapshot, toSnapshot } from './queue-snapshot.js';

/**
 * Watches queues for this process: however many listen, each queue is looked at once in each interval, and not at all while nobody
 * does. An outage of Redis is waited for.
 */
export class QueueWatcher {
  private readonly watched = new Map<string, Observable<QueueSnapshot>>();
  private readonly closed = new Subject<never>();

  constructor(private readonly readings: QueueReadings) {}

  watch(queue: string, intervalMs: number): Observable<QueueSnapshot> {
    const key = `${queue} ${intervalMs}`;
    // Only when somebody subscribes: until then there is nothing that could end.
    return defer(() => {
      let shared = this.watched.get(key);
      if (!shared) {
        shared = this.sampled(queue, intervalMs).pipe(
          finalize(() => this.watched.delete(key)),
          share({ connector: () => new ReplaySubject(1) }),
        );
        this.watched.set(key, shared);
      }
      return shared;
    });
  }

  /** Whoever watches is told that nothing more comes. */
  close(): void {
    this.closed.error(new WatchClosedError());
  }

  private sampled(queue: string, intervalMs: number): Observable<QueueSnapshot> {
    let latest: QueueSnapshot | undefined;
    const samples = timer(0, intervalMs).pipe(
      exhaustMap(() => defer(() => this.readings.counts(partitionOf(queue))).pipe(catchError(unlessOutage))),
      map((counts) => toSnapshot(queue, counts, latest)),
      tap((snapshot) => (latest = snapshot)),
    );
    return merge(samples, this.closed);
  }
}

/** It is over some time: then the next look succeeds. */
function unlessOutage(error: unknown): Observable<never> {
  if (error instanceof RedisUnavailableError) return EMPTY;
  throw error;
}
