import type { Envelope } from '../broker/envelope.js';
import type { Outcome } from '../broker/exchange.js';
import { type Partition, publicId, queueOf } from '../broker/partition.js';
import type { TaskState } from '../broker/task-state.js';
import type { TaskFailure } from '../status/task-status.js';

/** One run of a handler, or what else became of a task that a worker came to. */
export interface RanTask {
  /** The public id, `<queue>:<id>`. */
  id: string;
  queue: string;
  name: string;
  data: unknown;
  /** Counted from 1. */
  attempt: number;
  /**
   * The state in which it left the task: `completed`; `failed`, for good; `retrying`; `cancelled`, also where it had expired;
   * `scheduled`, where it was put off; `waiting`, where it was given back.
   */
  state: TaskState;
  /** What the handler returned, as a status keeps it; `null` if it is not completed. */
  result: unknown;
  /** What it threw, if that counts as a failure. */
  error: TaskFailure | null;
}

const STATES = {
  completed: 'completed',
  unrecorded: 'completed',
  failed: 'failed',
  retrying: 'retrying',
  snoozed: 'scheduled',
  deferred: 'scheduled',
  cancelled: 'cancelled',
  expired: 'cancelled',
  released: 'waiting',
  limited: 'waiting',
} as const;

/** What ends a run. */
export type Ending = Extract<Outcome, { kind: keyof typeof STATES }>;

export function isEnding(outcome: Outcome): outcome is Ending {
  return Object.hasOwn(STATES, outcome.kind);
}

export function ranTask(partition: Partition, { id, name, data, attempt }: Envelope, outcome: Ending): RanTask {
  const result = outcome.kind === 'completed' ? outcome.result : undefined;
  return {
    id: publicId(partition, id),
    queue: queueOf(partition),
    name: name ?? '',
    data,
    attempt: attempt + 1,
    state: STATES[outcome.kind],
    result: result === undefined ? null : (JSON.parse(result) as unknown),
    error: 'error' in outcome ? (JSON.parse(outcome.error) as TaskFailure) : null,
  };
}
