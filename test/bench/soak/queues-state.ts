import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { findDamages } from '../../support/find-damages.js';
import { redisConnections } from '../redis-info.js';
import { QUEUES, RETENTION_MS } from './load.js';

/** Retries are due soon, and nothing takes longer than a fraction of a second. */
const SETTLE_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 50;
/** A handler whose time was up may still go on: its task has ended, but it has not. */
const DEAF_MS = 500;
/** What a connection needs to be gone, and what expires to have expired. */
const SLACK_MS = 1_000;

export async function waitingTasks(redis: Redis): Promise<number> {
  return sum(QUEUES.map(({ name }) => redis.llen(`task_queue:{${name}}`)));
}

/** Waits until every task has ended, and every handler. @returns what is wrong, in words */
export async function settle(redis: Redis): Promise<string[]> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  let open = await openTasks(redis);
  while (open > 0 && performance.now() < deadline) {
    await delay(LOOK_AGAIN_MS);
    open = await openTasks(redis);
  }
  await delay(DEAF_MS);
  return open === 0 ? [] : [`${open} tasks are still open after ${SETTLE_WITHIN_MS} ms`];
}

/** What is left when all tasks have ended and all processes are gone. @returns what is wrong, in words */
export async function leftovers(redis: Redis, url: string): Promise<string[]> {
  await delay(RETENTION_MS + SLACK_MS);
  const problems: string[] = [];
  let statuses = 0;
  for await (const keys of redis.scanStream({ match: 'task_status:*', count: 1_000 })) {
    statuses += (keys as string[]).length;
  }
  if (statuses > 0) problems.push(`${statuses} statuses are there after their time`);
  const connections = (await redisConnections(redis)) - 1;
  if (connections > 0) problems.push(`${connections} connections are still open`);
  for (const { name } of QUEUES) {
    const damages = await findDamages({ url }, name);
    if (damages.length > 0) problems.push(`a repair of ${name} finds ${JSON.stringify(damages)}`);
  }
  return problems;
}

/** Waiting, held, put off, or called off without that a worker has heard of it. */
async function openTasks(redis: Redis): Promise<number> {
  return sum(
    QUEUES.flatMap(({ name }) => [
      redis.llen(`task_queue:{${name}}`),
      redis.llen(`task_suspects:{${name}}`),
      redis.zcard(`task_scheduled:{${name}}`),
      redis.hlen(`task_cancel:{${name}}`),
      heldTasks(redis, name),
    ]),
  );
}

async function heldTasks(redis: Redis, queue: string): Promise<number> {
  const workers = await redis.zrange(`task_workers:{${queue}}`, '0', '-1');
  return sum(workers.map((worker) => redis.hlen(`task_active:{${queue}}:${worker}`)));
}

async function sum(counts: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(counts)).reduce((total, count) => total + count, 0);
}
