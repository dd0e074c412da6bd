import type { TaskFailure } from '../status/task-status.js';

/** What most events say of their task. Its data are not among it. */
export interface TaskEventFacts {
  queue: string;
  /** The public id, `<queue>:<id>`, for `TaskStatusService.get`. */
  id: string;
  name: string;
  /** The run that this is about, counted from 1; 0 where the task never ran. */
  attempt: number;
}

/**
 * What the workers of this process do, and what befalls them. Except for `started` an event tells what Redis has confirmed: an
 * outcome that it refused, or of which nobody knows whether it got it, is told as `lost` or not at all. Times are in ms.
 */
export type TaskEvent =
  /** A handler was called: in a batch there is one such event for each task. */
  | ({ type: 'started' } & TaskEventFacts)
  | ({ type: 'completed'; ranMs: number } & TaskEventFacts)
  /** It is a dead letter now. `name` is `null` where no handler here has it, and where its worker died with it. */
  | ({ type: 'failed'; name: string | null; ranMs: number; error: Pick<TaskFailure, 'name' | 'message'> } & Omit<
      TaskEventFacts,
      'name'
    >)
  /** An attempt failed, and another one follows. */
  | ({
      type: 'retrying';
      ranMs: number;
      error: Pick<TaskFailure, 'name' | 'message'>;
      nextAttemptAt: Date;
    } & TaskEventFacts)
  /** Its handler has put it off with `SnoozeTask`. */
  | ({ type: 'snoozed'; nextAttemptAt: Date } & TaskEventFacts)
  /** It ran and was given back: this worker shuts down, or its handler threw `RateLimited`. */
  | ({ type: 'released'; reason: 'shutdown' | 'limited' } & TaskEventFacts)
  /** Somebody called it off while this worker had it, or it had expired before it could begin here. If it had not begun, `attempt` is that of the run before. */
  | ({ type: 'cancelled'; reason: 'cancelled' | 'expired' } & TaskEventFacts)
  /** It ran here, but this worker has lost its lease: others run it again, and what came of it here does not count. */
  | ({ type: 'lost' } & TaskEventFacts)
  /** A worker died, and this one put back what it held: some 25 tasks at a time, by their public ids. Each of `failed` is told by itself, too. */
  | { type: 'recovered'; queue: string; worker: string; waiting: readonly string[]; failed: readonly string[] }
  /** This worker has nothing left of the queue, and found nothing more that it could take. What waits for its time does not count. */
  | { type: 'drained'; queue: string }
  /** Redis cannot be used at present. */
  | { type: 'connectionLost'; error: Pick<TaskFailure, 'name' | 'message'> }
  /** It can be used again. */
  | { type: 'connectionBack'; lostMs: number };

export type TaskEventType = TaskEvent['type'];

/** The event of that type. */
export type TaskEventOf<Type extends TaskEventType> = Extract<TaskEvent, { type: Type }>;
