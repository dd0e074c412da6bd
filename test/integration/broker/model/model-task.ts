import type { TaskState } from '../../../../lib/broker/task-state.js';

/** An element of the queue, followed by what it says in its data, since its id may be given to it late or be used again. */
export interface ModelTask {
  /** Empty as long as it has none. */
  id: string;
  readonly marker: string;
  priority: number;
  /** What is left in a list of a task that has moved to another one. */
  readonly isGap: boolean;
  /** Attempts that count, losses and misses: what stands in the head of its envelope. */
  attempt: number;
  /** `null` as long as no worker died that held it. */
  lost: number | null;
  missed: number;
  /** Whether an attempt failed with another one to follow: then its envelope says when the first one began. */
  hasFirst: boolean;
  /** Why it must not run any more. If it was waiting then, it has ended and is dropped when a worker comes to it. */
  calledOff: string | null;
  hasEnded: boolean;
  /** What somebody else pushed and no worker has come to yet, or what is no task at all. */
  foreign: { text: string; isTask: boolean; wantedId?: string | undefined } | null;
}

export function modelTask(id: string, marker: string, priority = 0): ModelTask {
  return {
    id,
    marker,
    priority,
    isGap: false,
    attempt: 0,
    lost: null,
    missed: 0,
    hasFirst: false,
    calledOff: null,
    hasEnded: false,
    foreign: null,
  };
}

export function modelGap({ priority }: ModelTask): ModelTask {
  return { ...modelTask('', '', priority), isGap: true };
}

/** What the status key of an id should say. */
export interface ModelStatus {
  /** None where only a progress was written so far. */
  state: TaskState | null;
  name: string;
  attempt: number;
  token: string;
  /** `null` where it was not written when the task was added. */
  priority: number | null;
  result: string | null;
  unrecorded: string | null;
  reason: string | null;
  progress: string | null;
  /** Of a suspect: whether it runs apart from all else, if somebody has said so. */
  isAlone: boolean | null;
  /** How often a loss was not charged to it. */
  spared: number;
  /** It was cancelled while it was waiting, and no worker has come to it: until then its status must not expire. */
  isPending: boolean;
  /** The names of errors, by attempt. */
  errors: Map<number, string>;
}

export function modelStatus(): ModelStatus {
  return {
    state: null,
    name: 'task',
    attempt: 0,
    token: '',
    priority: null,
    result: null,
    unrecorded: null,
    reason: null,
    progress: null,
    isAlone: null,
    spared: 0,
    isPending: false,
    errors: new Map(),
  };
}

export function isTerminal(state: TaskState | null): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

export interface ModelWorker {
  lease: 'good' | 'run out' | 'declared dead';
  readonly held: Set<ModelTask>;
}

export function heldBy(worker: ModelWorker, id: string): ModelTask | undefined {
  return [...worker.held].find((task) => task.id === id);
}

/** As Redis and Lua compare texts, for the ids that are used here. */
export function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
