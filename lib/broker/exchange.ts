import type { ClaimLimits } from './claim-limits.js';
import type { LogLine } from './log-line.js';

/** What became of a claimed task, or of a part of it. Times are milliseconds; texts are JSON. */
export type Outcome =
  /**
   * Its run began so long ago; for what was claimed without a mark. Of a suspect also whether it runs apart from all else from
   * now on: only then is it to blame if its worker dies.
   */
  | { kind: 'began'; id: string; ranMs: number; isAlone?: boolean }
  | { kind: 'progress'; id: string; progress: string }
  /** Lines for its log, the oldest first; those that are written already are not written again. */
  | { kind: 'logged'; id: string; lines: readonly LogLine[] }
  | ({ kind: 'completed'; result: string | undefined } & Completion)
  /** Completed as well, but its result is not kept, and this is why. */
  | ({ kind: 'unrecorded'; reason: string } & Completion)
  | { kind: 'failed'; id: string; error: string; ranMs: number; ttlMs: number }
  /** Failed, and another attempt follows. */
  | { kind: 'retrying'; id: string; error: string; ranMs: number; delayMs: number }
  /** Comes again as if never claimed. */
  | { kind: 'snoozed'; id: string; delayMs: number }
  | { kind: 'cancelled'; id: string; reason: string; ttlMs: number }
  /** Cancelled, because it could not be begun in time. */
  | { kind: 'expired'; id: string; ttlMs: number }
  /** Given back to the head of the queue as if never claimed. The last one given back is the first to be claimed. */
  | { kind: 'released'; id: string; began: boolean }
  /** Given back as well, and for so long nobody claims anything from its queue. The longest such wait wins. */
  | { kind: 'limited'; id: string; delayMs: number }
  /** Nobody here can handle it: it comes again after a while. */
  | { kind: 'deferred'; id: string; delayMs: number };

/** What is said of a task that goes on. */
export type Interim = Extract<Outcome, { kind: 'progress' | 'logged' }>;

export function isInterim(outcome: Outcome): outcome is Interim {
  return outcome.kind === 'progress' || outcome.kind === 'logged';
}

export interface Completion {
  id: string;
  ranMs: number;
  ttlMs: number;
  /** The name of the task, where its status is probably written only now. */
  name?: string | undefined;
}

export interface ExchangeRequest {
  worker: string;
  leaseMs: number;
  /** How long the lease may last of a worker that holds nothing and is the only one: nothing hangs on it. 0 where it holds something. */
  restMs: number;
  /** How long is kept what the exchange itself ends. */
  retention: Retention;
  outcomes: readonly Outcome[];
  /** How many tasks the worker can take. */
  want: number;
  /** For how many of them it has a slot at once. */
  free: number;
  /** Whether the statuses of claimed tasks become `active` at once; else once the worker reports that a run `began`. */
  marks: boolean;
  /** Whether the worker can take a suspect: a task that becomes a dead letter if it is lost once more. One at a time. */
  probes: boolean;
  /** How often a task may be lost with its worker before it is a suspect. */
  maxLost: number;
  /** How long a task waits in ms for what counts as much as one priority more; 0: for ever. */
  agingMs: number;
  /** How many tasks of a group may be held at once where nothing else is set for it; 0: any number. */
  groupConcurrency: number;
  /** Of a queue that has any. */
  limits?: ClaimLimits | undefined;
}

/** How long terminal tasks are kept, for scripts that end some by themselves. */
export interface Retention {
  deadLetterTtlMs: number;
  cancelledTtlMs: number;
}

export interface ExchangeReply {
  /** The envelopes of what this worker now holds, in the order of the queue. */
  claimed: string[];
  /** Ids whose outcome came too late: others have taken the task over. */
  refused: string[];
  /** Ids that ended cancelled, whatever their outcomes were: somebody had called them off before. */
  cancelled: string[];
  /** Ids under which elements that are no tasks now lie in the dead letters. */
  malformed: string[];
  /** More tasks are waiting than were claimed, or more are due. */
  more: boolean;
  /**
   * Milliseconds until the next scheduled task is due; `null` if there is none. Where limits are in the way until they are not;
   * `null` if that depends on when others end.
   */
  nextDueMs: number | null;
  /** More tasks are waiting, or due, but limits are in the way: until then `more` is false, and nothing is to be had. */
  isHeldUp: boolean;
  /** The lease lasts for `restMs`. */
  rests: boolean;
  /** The worker was to hold nothing, and holds something: a claim of which it does not know. */
  holdsUnknown: boolean;
  /** The lease of another worker has run out: time to `recover`. */
  expired: boolean;
  /** By Redis's clock, when it answered. */
  nowMs: number;
}
