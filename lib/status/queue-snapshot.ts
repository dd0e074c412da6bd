import type { QueueCounts } from '../broker/queue-readings.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from '../options/duration.js';
import { duration, object } from '../options/option-rules.js';

/** How many tasks of a queue stand where, as `TaskQueueMonitor.counts` says, and where that leads. */
export interface QueueSnapshot extends Omit<QueueCounts, 'completedPerMinute' | 'failedPerMinute'> {
  queue: string;
  /** When this was read, by the clock of this process. */
  at: Date;
  /** In the last full minute, as workers have told: they do every 10 s. */
  completedPerSecond: number;
  failedPerSecond: number;
  /**
   * By how many the tasks that have not ended became more, or, below 0, less, since the snapshot before; `null` in the first one. Together
   * with what was completed and failed this is what was added.
   */
  growthPerSecond: number | null;
}

export interface WatchQueueOptions {
  /** How often the queue is looked at. @default '1s' */
  interval?: Duration | undefined;
}

const optionsRule = object({ interval: duration(100, '1h') });

/** @returns how often, in ms @throws InvalidOptionsError */
export function checkWatchQueueOptions(options: WatchQueueOptions): number {
  const problems: OptionProblem[] = [];
  const { interval = 1_000 } = optionsRule(options, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return interval;
}

export function toSnapshot(queue: string, counts: QueueCounts, before: QueueSnapshot | undefined): QueueSnapshot {
  const { completedPerMinute, failedPerMinute, ...places } = counts;
  const at = new Date();
  const seconds = before ? (at.getTime() - before.at.getTime()) / 1_000 : 0;
  return {
    ...places,
    queue,
    at,
    completedPerSecond: completedPerMinute / 60,
    failedPerSecond: failedPerMinute / 60,
    growthPerSecond: before && seconds > 0 ? (openOf(counts) - openOf(before)) / seconds : null,
  };
}

/** How many have not ended. */
function openOf({
  waiting,
  scheduled,
  active,
  retrying,
}: Pick<QueueCounts, 'waiting' | 'scheduled' | 'active' | 'retrying'>): number {
  return waiting + scheduled + active + retrying;
}
