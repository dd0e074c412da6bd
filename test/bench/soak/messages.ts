/** How a run of a handler ended, or what the answer to a cancel was. */
export type SoakEvent = 'returned' | 'threw' | 'cancelled' | 'notCancelled';

/** What one of the processes tells, or answers when it was asked. */
export type SoakMessage = { event: SoakEvent; tasks: number[] } | { answer: unknown };

/** `sample`: a {@link WorkerSample}. `stop`: end, and say what there is to say. */
export type Question = 'sample' | 'stop';

/** What the worker knows of itself. */
export interface WorkerSample {
  /** After everything was collected that nobody needs. */
  heapBytes: number;
  rssBytes: number;
  /** Since the sample before. */
  loopDelayP99Ms: number;
  /** What it logged beside what was planned. */
  logLines: number;
}
