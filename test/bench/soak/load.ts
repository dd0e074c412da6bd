import type { TaskOptions } from '../../../lib/index.js';

/** What is kept of tasks that have ended, so that Redis comes to a plateau. */
export const RETENTION_MS = 5_000;

interface KindOfTask {
  options: TaskOptions;
  /** How often its handler returns and throws, over all its attempts. */
  returns: number;
  throws: number;
}

/** What a handler is asked to do. */
export const KINDS = {
  /** Nothing. */
  quick: { options: {}, returns: 1, throws: 0 },
  /** Takes a while. */
  slow: { options: {}, returns: 1, throws: 0 },
  /** Takes a while, and says how far it is. */
  progress: { options: {}, returns: 1, throws: 0 },
  /** Succeeds at the second attempt. */
  flaky: { options: { attempts: 3, backoff: '200ms' }, returns: 1, throws: 1 },
  /** Never succeeds, and is a dead letter. */
  failing: { options: { attempts: 2, backoff: '100ms' }, returns: 0, throws: 2 },
  /** Waits until its time is up, and then ends. */
  stuck: { options: { timeout: '50ms' }, returns: 0, throws: 1 },
  /** Goes on when its time is up, and returns when nobody waits for it any more. */
  deaf: { options: { timeout: '20ms' }, returns: 1, throws: 0 },
  /** Takes a while, and is called off before, meanwhile, or too late: then it returns. */
  unwanted: { options: {}, returns: 1, throws: 0 },
} as const satisfies Record<string, KindOfTask>;

export type Kind = keyof typeof KINDS;

/** The data of a task. */
export interface SoakData {
  n: number;
  /** How long it takes, if it does. */
  ms: number;
  text: string;
}

interface SoakQueue {
  name: string;
  concurrency: number;
  /** The producer adds some when fewer are waiting than that, and then so many that it is the other. */
  backlog: readonly [low: number, high: number];
  /** One hundred, from which its tasks are taken in turns. */
  kinds: readonly Kind[];
}

/** All together are to have 3,000 to 5,000 tasks waiting. */
export const QUEUES: readonly SoakQueue[] = [
  {
    name: 'quick',
    concurrency: 100,
    backlog: [2_000, 3_000],
    kinds: percent({ quick: 90, progress: 5, flaky: 2, unwanted: 3 }),
  },
  {
    name: 'slow',
    concurrency: 50,
    backlog: [500, 1_000],
    kinds: percent({ slow: 90, progress: 5, stuck: 3, deaf: 2 }),
  },
  {
    name: 'mixed',
    concurrency: 20,
    backlog: [500, 1_000],
    kinds: percent({ quick: 50, slow: 20, flaky: 10, failing: 10, unwanted: 6, stuck: 4 }),
  },
];

const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(4);

/** A task is a number: the remainder names its queue, the rest its place among the tasks of that queue. */
export function taskNumber(queue: number, row: number): number {
  return row * QUEUES.length + queue;
}

export function kindOf(n: number): Kind {
  const kinds = QUEUES[n % QUEUES.length]?.kinds ?? [];
  // 37 and 100 have no divisor in common: each of the hundred comes once in a hundred rows, well mixed.
  return kinds[(Math.floor(n / QUEUES.length) * 37) % 100] ?? 'quick';
}

export function taskNameOf(kind: Kind): string {
  return `soak.${kind}`;
}

/** Slow ones take 5 to 50 ms. */
export function dataOf(n: number): SoakData {
  return { n, ms: 5 + (n % 46), text: TEXT };
}

function percent(shares: Partial<Record<Kind, number>>): Kind[] {
  return Object.entries(shares).flatMap(([kind, share]) => Array.from({ length: share }, () => kind as Kind));
}
