import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { readStatus } from '../../../../lib/broker/redis/status-record.js';
import { nameOf } from './model-exchange.js';
import { byText } from './model-task.js';
import type { StatusView, View } from './model-view.js';
import type { World } from './world.js';

const SINGLE_KEYS = [
  'queue',
  'suspects',
  'bell',
  'recent',
  'scheduled',
  'dead',
  'parked',
  'workers',
  'cancel',
  'meta',
  'priorities',
];

/** All that does stand in Redis. */
export async function redisView(world: World): Promise<View> {
  const { ids, redis } = world;
  const workerIds = [...world.model.workers.keys()];
  const lanes = (await redis.zrange(world.key('priorities'), '0', '-1')).map((lane) => `${world.key('queue')}:${lane}`);
  const known = [
    ...SINGLE_KEYS.map((name) => world.key(name)),
    `${world.key('scheduled')}:retrying`,
    ...lanes,
    ...(world.model.isPaused ? [world.key('limited')] : []),
    ...ids.map((id) => `${world.key('status')}:${id}`),
    ...workerIds.map((id) => `${world.key('active')}:${id}`),
  ];
  const list = async (name: string): Promise<string[]> => redis.lrange(world.key(name), 0, -1);
  const members = async (name: string): Promise<string[]> => redis.zrange(world.key(name), '0', '-1');
  const [queue, suspects, bell, recent, scheduled, retrying, dead, scores, parked, cancel, keys, held, statuses] =
    // In one tick, so in one round trip.
    await Promise.all([
      Promise.all([world.key('queue'), ...lanes].map((key) => redis.lrange(key, 0, -1))),
      list('suspects'),
      list('bell'),
      list('recent'),
      members('scheduled'),
      redis.smembers(`${world.key('scheduled')}:retrying`),
      members('dead'),
      redis.zrange(world.key('workers'), '0', '-1', 'WITHSCORES'),
      redis.hgetall(world.key('parked')),
      redis.hkeys(world.key('cancel')),
      redis.keys(`${world.prefix}*`),
      Promise.all(workerIds.map((id) => redis.hvals(`${world.key('active')}:${id}`))),
      Promise.all(ids.map((id) => readStatusView(world, id))),
    ]);
  const workers: View['workers'] = Object.fromEntries(
    workerIds.map((id, row) => [id, { lease: 'none', held: (held[row] ?? []).map(envelopeText).sort(byText) }]),
  );
  for (let i = 0; i < scores.length; i += 2) {
    const worker = (workers[scores[i]!] ??= { lease: '', held: [] });
    worker.lease = leaseOf(Number(scores[i + 1]));
  }
  return {
    queue: inOrder(lanes, queue).map(envelopeText),
    suspects: suspects.toReversed().map(envelopeText),
    bell,
    recent,
    scheduled: scheduled.sort(byText),
    retrying: retrying.sort(byText),
    dead: dead.sort(byText),
    parked: Object.fromEntries(Object.entries(parked).map(([id, text]) => [id, envelopeText(text)])),
    workers,
    cancel: cancel.sort(byText),
    statuses: Object.fromEntries(ids.map((id, row) => [id, statuses[row] ?? null])),
    leftOver: keys.filter((key) => !known.includes(key) && !goesByItself(world, key)),
  };
}

/** Personal bells, and answers that are remembered. */
function goesByItself(world: World, key: string): boolean {
  const starts = [world.key('bell'), world.key('unique')].map((start) => `${start}:`);
  return key === world.key('room') || starts.some((start) => key.startsWith(start));
}

/** What waits in the queue and the lanes, in the order in which it is claimed. */
function inOrder(lanes: readonly string[], [queue = [], ...others]: readonly string[][]): string[] {
  const all = [{ priority: 0, items: queue }];
  lanes.forEach((lane, row) => all.push({ priority: Number(lane.split(':').at(-1)), items: others[row] ?? [] }));
  all.sort((one, other) => other.priority - one.priority);
  return all.flatMap(({ items }) => items.toReversed());
}

function envelopeText(text: string): string {
  try {
    const { id, data, attempt, lost, missed, first } = decodeEnvelope(text);
    if (typeof data !== 'string') return text;
    const tried = first === undefined ? '' : ', tried';
    const priority = /"priority":(-?\d+),"name"/.exec(text)?.[1] ?? '0';
    return `${id} ${data} attempt ${attempt}, lost ${lost ?? 'never'}, missed ${missed}${tried}, priority ${priority}`;
  } catch {
    return text; // no envelope (yet)
  }
}

function leaseOf(score: number): string {
  if (score === 0) return 'declared dead';
  return score < Date.now() ? 'run out' : 'good';
}

async function readStatusView(world: World, id: string): Promise<StatusView | null> {
  const key = `${world.key('status')}:${id}`;
  const [fields, ttlMs] = await Promise.all([world.redis.hgetall(key), world.redis.pttl(key)]);
  if (Object.keys(fields).length === 0) return null;
  const record = readStatus({ ...fields, state: fields['state'] ?? 'none' })!;
  const { name, attempt, result, unrecorded, reason, progress, error, earlierErrors } = record;
  return {
    state: fields['state'] ?? null,
    name: fields['state'] ? name : 'task',
    attempt,
    result,
    unrecorded,
    reason,
    progress,
    error: error && nameOf(error),
    earlierErrors: earlierErrors.map((each) => nameOf(each.error)),
    created: record.created !== null,
    due: record.due !== null,
    finished: record.finished !== null,
    expires: ttlMs > 0,
  };
}
