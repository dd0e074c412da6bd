import { FLAKY_ATTEMPTS, QUEUES } from './plan.js';
import type { Random } from './random.js';
import { addingMs, type RunSettings } from './settings.js';
import { type KeyedAdd, withChecksum } from './tasks.js';

/** How many adds with keys there are, compared with other tasks. */
const SHARE = 0.1;
/** And how long those that are debounced wait. */
const WAITS_MS: Record<string, number> = {
  'order 1': 20,
  'ünïcödé 任务': 50,
  '"quoted\\"': 100,
  '{tag}': 200,
  'debounce:x\n': 300,
  plain: 400,
};
const KEYS = Object.keys(WAITS_MS);
/** Adds that follow the one before at once, while its task is still there. */
const CLOSE_SHARE = 0.6;
const CLOSE_MS = 150;

/** All adds with keys, in the order in which they are made; the same for the same random numbers. */
export function planKeyedAdds(random: Random, settings: RunSettings): KeyedAdd[] {
  let afterMs = 0;
  const count = Math.ceil(settings.tasks * SHARE);
  const meanMs = addingMs(settings) / count;
  return Array.from({ length: count }, (_, row) => {
    const isClose = random.chance(CLOSE_SHARE);
    afterMs += isClose ? Math.min(meanMs, CLOSE_MS) * random.next() : 2 * meanMs * random.next();
    return random.chance(0.5)
      ? uniqueAdd(row, afterMs, random, settings)
      : debouncedAdd(row, afterMs, random, settings);
  });
}

/** From whichever producer. While its task runs, fails and is tried again nobody may add another one. */
function uniqueAdd(row: number, afterMs: number, random: Random, { producers }: RunSettings): KeyedAdd {
  const key = random.pick(KEYS);
  const data = withChecksum({
    id: `unique:${row}`,
    kind: 'unique',
    ms: random.integer(0, 300),
    throws: random.chance(0.3) ? random.integer(1, FLAKY_ATTEMPTS - 1) : 0,
    payload: key,
  });
  const options = {
    unique: { key, until: 'finished' as const },
    ...(random.chance(0.2) && { delay: random.integer(1, 500) }),
  };
  return { kind: 'unique', queue: queueOf(key), key, data, options, share: random.integer(0, producers - 1), afterMs };
}

/** From one producer, one after the other: else nobody could tell which one was the last. */
function debouncedAdd(row: number, afterMs: number, random: Random, { producers }: RunSettings): KeyedAdd {
  const key = random.pick(KEYS);
  const data = withChecksum({
    id: `debounced:${row}`,
    kind: 'debounced',
    ms: random.integer(0, 600),
    throws: 0,
    payload: key,
  });
  const debounce = { key, wait: WAITS_MS[key] ?? 0, maxWait: 800, whileRunning: 'queue-latest' as const };
  const share = KEYS.indexOf(key) % producers;
  return { kind: 'debounced', queue: queueOf(key), key, data, options: { debounce }, share, afterMs };
}

/** A key counts on its queue only, so each has one. */
function queueOf(key: string): keyof typeof QUEUES {
  return KEYS.indexOf(key) % 3 === 0 ? 'wide' : 'calm';
}
