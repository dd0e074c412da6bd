import { encodeEnvelope } from '../../lib/broker/envelope.js';
import { type DebounceLock, LOCKED_SUFFIX, type UniqueLock } from '../../lib/broker/lock.js';
import type { NewTask } from '../../lib/broker/task-broker.js';

interface LockedOptions {
  key?: string;
  data?: unknown;
  inMs?: number;
  expiresInMs?: number;
  priority?: number;
  group?: string;
}

/** Tasks with locks, as the producer makes them. The id of one is that of the test's choice with the suffix. */
export function unique(name: string, until: UniqueLock['until'], options: LockedOptions = {}): NewTask {
  return locked(name, { key: lockName('unique', options.key), until }, options);
}

export function debounced(
  name: string,
  waitMs: number,
  { maxWaitMs = Infinity, waitsForRun = false, ...options }: LockedOptions & Partial<DebounceLock> = {},
): NewTask {
  return locked(name, { key: lockName('debounce', options.key), maxWaitMs, waitsForRun }, { ...options, inMs: waitMs });
}

/** What the hash of the locks calls it. */
export function lockName(kind: 'unique' | 'debounce', key = 'key'): string {
  return `${kind}:task\n${key}`;
}

export function idOf(name: string): string {
  return name + LOCKED_SUFFIX;
}

function locked(
  name: string,
  lock: NewTask['lock'],
  { data = name, inMs, expiresInMs, priority = 0, group }: LockedOptions,
): NewTask {
  const id = idOf(name);
  const envelope = encodeEnvelope(id, 'task', JSON.stringify(data), undefined, { priority, group });
  const due = inMs === undefined ? undefined : { inMs };
  return { id, name: 'task', token: '', envelope, due, expiresInMs, priority, group, lock };
}
