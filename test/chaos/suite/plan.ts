import { RATED_QUEUE } from './limits.js';
import type { Random } from './random.js';
import { addingMs, type RunSettings } from './settings.js';
import { type Kind, type PlannedTask, withChecksum } from './tasks.js';

/**
 * The queues of a run, and how many tasks of each one a worker runs at once. On the calm one nothing waits for long: what must not
 * be there twice comes again and again.
 */
export const QUEUES = { wide: 10, narrow: 3, [RATED_QUEUE]: 5, calm: 5 } as const;
const NARROW_SHARE = 0.08;
const RATED_SHARE = 0.02;
const PRIORITY_SHARE = 0.15;
const GROUP_SHARE = 0.2;
const GROUPS = ['acme', 'ünïcödé 任务', 'group:nested', '{tag}', 'x'];
/** How many tasks of one group workers may hold at once. */
export const GROUP_CONCURRENCY = 2;

/** How often each kind comes among those that need no exact number. */
const MIX: readonly { kind: Kind; weight: number }[] = [
  { kind: 'quick', weight: 50 },
  { kind: 'delayed', weight: 6 },
  { kind: 'batched', weight: 8 },
  { kind: 'slow', weight: 30 },
  { kind: 'cpu', weight: 4 },
  { kind: 'throwing', weight: 4 },
  { kind: 'flaky', weight: 6 },
  { kind: 'stuck', weight: 1 },
  { kind: 'unwanted', weight: 3 },
  { kind: 'rated', weight: 4 },
];
/** Each one takes at least one worker down, so their number does not grow with that of the tasks. */
const POISONED = 2;
/** Of a flaky task. */
export const FLAKY_ATTEMPTS = 3;
const MAX_DELAY_MS = 3_000;
/** Tasks that take longer than a lease. */
const LONG = 8;

/** All tasks of a run, in the order in which they are added; the same for the same random numbers. */
export function planTasks(random: Random, settings: RunSettings): PlannedTask[] {
  const { tasks: count, leaseMs } = settings;
  const special = new Map<number, Kind>();
  const place = (kind: Kind, howMany: number): void => {
    for (let placed = 0; placed < Math.min(howMany, Math.ceil(count / 100));) {
      // Not at the very end: what they take down must have time to hurt others.
      const row = random.integer(0, Math.floor(count * 0.8));
      if (special.has(row)) continue;
      special.set(row, kind);
      placed++;
    }
  };
  place('poison', POISONED);
  place('long', LONG);
  return Array.from({ length: count }, (_, row) => {
    const kind = special.get(row) ?? random.weighted(MIX).kind;
    const id = idOf(row, random);
    const queue = queueOf(kind, random);
    const throws = kind === 'flaky' ? random.integer(1, 2) : 0;
    const data = withChecksum({ id, kind, ms: duration(kind, random, leaseMs), throws, payload: payload(random) });
    const { options, ...rest } = optionsOf(kind, random, (row / count) * addingMs(settings));
    return { id, queue, kind, data, options: { ...options, ...placeOf(random) }, ...rest };
  });
}

function queueOf(kind: Kind, random: Random): keyof typeof QUEUES {
  if (kind === 'batched') return 'narrow';
  if (kind === 'rated') return RATED_QUEUE;
  const share = random.next();
  if (share < NARROW_SHARE) return 'narrow';
  return share < NARROW_SHARE + RATED_SHARE ? RATED_QUEUE : 'wide';
}

/** Some kinds have none: for these, what the decorator of their handler says holds. @param addedMs when it is added */
function optionsOf(
  kind: Kind,
  random: Random,
  addedMs: number,
): Pick<PlannedTask, 'attempts' | 'options' | 'dueAfterMs'> {
  if (kind === 'flaky') return { attempts: FLAKY_ATTEMPTS, options: {} };
  if (kind === 'delayed') {
    const delay = random.integer(1, MAX_DELAY_MS);
    if (random.chance(0.5)) return { attempts: 1, options: { delay } };
    // Where its producer is late it may be overdue.
    return { attempts: 1, options: {}, dueAfterMs: Math.round(addedMs) + delay };
  }
  if (kind !== 'throwing' && kind !== 'stuck') return { attempts: 1, options: {} };
  const attempts = random.integer(1, 3);
  const backoff = random.pick(['fixed', 'exponential'] as const);
  const options = { attempts, backoff: { type: backoff, delay: random.integer(10, 600) } };
  return { attempts, options: kind === 'stuck' ? { ...options, timeout: random.integer(50, 300) } : options };
}

/** Some have a priority, some a group, and both may be delayed, fail, and be lost as all others. */
function placeOf(random: Random): { priority?: number; group?: string } {
  if (random.chance(PRIORITY_SHARE)) return { priority: random.integer(-3, 3) };
  return random.chance(GROUP_SHARE) ? { group: random.pick(GROUPS) } : {};
}

function duration(kind: Kind, random: Random, leaseMs: number): number {
  switch (kind) {
    case 'slow':
      return random.chance(0.05) ? random.integer(400, 1_200) : random.integer(5, 300);
    case 'long':
      return Math.round(leaseMs * (1.2 + random.next()));
    case 'cpu':
      return random.integer(1, 12);
    case 'throwing':
    case 'flaky':
      return random.chance(0.5) ? 0 : random.integer(1, 20);
    case 'poison':
      return random.integer(0, 30);
    case 'batched':
      return random.integer(0, 60);
    case 'rated':
      return random.integer(50, 250);
    case 'unwanted':
      return random.integer(5, 400);
    case 'unique':
    case 'debounced':
    case 'ticked':
    case 'stuck':
    case 'delayed':
    case 'quick':
      return 0;
  }
}

/** As long as a ULID for the most part, which scripts read by a shorter way; else whatever a caller may come up with. */
function idOf(row: number, random: Random): string {
  const number = String(row).padStart(7, '0');
  if (random.chance(0.6)) return `01K${number}${Array.from({ length: 16 }, () => random.pick(BASE32)).join('')}`;
  return random.pick([
    `order:${number}`,
    `${number}`,
    `ünïcödé ${number} 任务 🚀`,
    `"quoted\\${number}"`,
    `{${number}}`,
  ]);
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');

/** Mostly short, now and then long, with everything in it that a text search could stumble over. */
function payload(random: Random): string {
  const length = random.chance(0.01) ? random.integer(5_000, 30_000) : random.integer(0, 300);
  let text = '';
  while (text.length < length) text += random.pick(PIECES);
  return text;
}

const PIECES = [
  'lorem ipsum dolor ',
  '","attempt":7,',
  '{"id":"x"',
  '\\',
  '\u0000',
  '🚀',
  'ß',
  '\n',
  '%d%s',
  '}}',
  '0',
];
