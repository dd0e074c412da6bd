import type { Redis } from 'ioredis';
import { eventually } from '../../../support/eventually.js';
import { QUEUES } from '../plan.js';
import type { Snapshot } from '../snapshot.js';

/** What is written for a short time only, as bells of workers, room, starts, and answers to adds that replace data, is gone by then. */
const GOES_WITHIN_MS = 60_000;
/** What a token or an expired lease may take to be found. */
const QUIET_WITHIN_MS = 15_000;
/** What a run may cost Redis for good: tables that it has not shrunk yet. */
const MEMORY_SLACK_BYTES = 512 * 1024;

/** The answer of PTTL for what does not go by itself. */
const LASTS = -1;

const NAMES = Object.keys(QUEUES);

/** Whether nothing is left to be done, and else some text that changes as long as something gets done. */
export async function progressOf(redis: Redis): Promise<{ isSettled: boolean; mark: string }> {
  const lengths = await Promise.all(
    NAMES.flatMap((queue) => [
      redis.llen(`task_queue:{${queue}}`),
      redis.zcard(`task_priorities:{${queue}}`),
      redis.zcard(`task_groups:{${queue}}`),
      redis.zcard(`task_groups:{${queue}}:resting`),
      redis.zcard(`task_turns:{${queue}}`),
      redis.llen(`task_suspects:{${queue}}`),
      redis.hlen(`task_cancel:{${queue}}`),
      redis.zcard(`task_scheduled:{${queue}}`),
      redis.keys(`task_active:{${queue}}:*`).then(({ length }) => length),
    ]),
  );
  const lastIds = await Promise.all(NAMES.map((queue) => redis.lindex(`task_recent:{${queue}}`, 0)));
  return { isSettled: lengths.every((length) => length === 0), mark: JSON.stringify([lengths, lastIds]) };
}

/** With all workers idle: no bell has a token, and there is one good lease per worker and queue. */
export async function checkIdle(redis: Redis, workers: number): Promise<string[]> {
  const isIdle = async (): Promise<true> => {
    for (const queue of NAMES) {
      const tokens = await redis.llen(`task_bell:{${queue}}`);
      const leases = await redis.zrange(`task_workers:{${queue}}`, '0', '-1', 'WITHSCORES');
      if (tokens > 0) throw new Error(`the bell of ${queue} has ${tokens} tokens, and nothing is waiting`);
      if (leases.length / 2 !== workers) throw new Error(`${workers} workers have these leases: ${leases.join(' ')}`);
    }
    return true;
  };
  return violationOf(() => eventually(isIdle, { timeoutMs: QUIET_WITHIN_MS, everyMs: 100, what: 'Idle workers' }));
}

/** With all workers gone and what is to be kept removed: no key is left, and no memory. */
export async function checkEmpty(
  redis: Redis,
  snapshots: readonly Snapshot[],
  memoryBefore: number,
): Promise<{ violations: string[]; memoryAfter: number }> {
  const violations: string[] = [];
  for (const { queue, statuses } of snapshots) {
    const kept = [...statuses.keys()].map((id) => `task_status:{${queue}}:${id.slice(queue.length + 1)}`);
    for (let at = 0; at < kept.length; at += 1_000) await redis.del(kept.slice(at, at + 1_000));
    await redis.del(['dead', 'parked', 'recent', 'meta'].map((what) => `task_${what}:{${queue}}`));
  }
  violations.push(...(await removeHistory(redis)));
  const left: string[] = [];
  for (const key of await redis.keys('*')) {
    const goesInMs = await redis.pttl(key);
    if (goesInMs === LASTS || goesInMs > GOES_WITHIN_MS) left.push(key);
  }
  if (left.length > 0) violations.push(`${left.length} keys are left, such as ${left.slice(0, 5).join(' ')}`);
  let memoryAfter = 0;
  const isBack = async (): Promise<boolean> => {
    memoryAfter = await usedMemory(redis);
    return memoryAfter - memoryBefore < MEMORY_SLACK_BYTES;
  };
  const what = `Memory back to ${memoryBefore} bytes, more or less,`;
  violations.push(...(await violationOf(() => eventually(isBack, { timeoutMs: QUIET_WITHIN_MS, everyMs: 200, what }))));
  if (violations.length > 0) violations.push(`Redis uses ${memoryAfter} bytes`);
  return { violations, memoryAfter };
}

/** What is told of queues is kept for a while, whatever becomes of their workers. It must go by itself, and be no more than that. */
async function removeHistory(redis: Redis): Promise<string[]> {
  const named = await redis.smembers('task_queues');
  await redis.del('task_queues');
  const histories = await redis.keys('task_history:*');
  const lasting: string[] = [];
  for (const key of histories) {
    if ((await redis.pttl(key)) === LASTS) lasting.push(key);
    await redis.del(key);
  }
  return [
    ...lasting.map((key) => `${key} never goes`),
    ...named.filter((queue) => !NAMES.includes(queue)).map((queue) => `task_queues names ${queue}`),
  ];
}

/** What the data take, without what Redis keeps of scripts and for statistics. */
export async function usedMemory(redis: Redis): Promise<number> {
  await redis.script('FLUSH');
  await redis.config('RESETSTAT');
  await redis.slowlog('RESET');
  const info = await redis.info('memory');
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

async function violationOf(check: () => Promise<unknown>): Promise<string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
