import { decodeEnvelope, encodeEnvelope } from '../../lib/broker/envelope.js';
import type { Outcome } from '../../lib/broker/exchange.js';
import { type DebounceLock, LOCKED_SUFFIX, type UniqueLock } from '../../lib/broker/lock.js';
import { partitionOf } from '../../lib/broker/partition.js';
import type { NewTask, TaskBroker } from '../../lib/broker/task-broker.js';
import type { ManualWorker } from './broker-fixture.js';

const q = partitionOf('q');

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

/** Adds it to queue `q`. @returns what became of it */
export async function addDebounced(
  broker: TaskBroker,
  ...[name, waitMs, options]: Parameters<typeof debounced>
): Promise<unknown> {
  return (await broker.addLocked(q, [debounced(name, waitMs, options)]))[0];
}

/** The same, and has it due at once. */
export async function addDebouncedDue(
  broker: TaskBroker,
  ...[name, , options]: Parameters<typeof debounced>
): Promise<unknown> {
  const answer = await addDebounced(broker, name, 60_000, options);
  const isReplaced = typeof answer === 'object' && answer !== null && 'replaced' in answer;
  const id = isReplaced ? String(answer.replaced) : idOf(name);
  await broker.steering.reschedule(q, id, { inMs: 0 });
  return answer;
}

/** What a worker gets that can take as much as there is: the data by id. */
export async function claimData(worker: ManualWorker, outcomes: Outcome[] = []): Promise<Record<string, unknown>> {
  const reply = await worker.exchange(10, outcomes);
  return Object.fromEntries(reply?.claimed.map(decodeEnvelope).map(({ id, data }) => [id, data]) ?? []);
}
