/**
 * What administrators ask of a queue of a million tasks, while a worker claims and a producer adds: whether each answer is right, how long it
 * takes, and that no single command keeps Redis for 2 ms.
 *
 *     node --import ./test/support/typescript/register.mjs test/bench/million.ts [part of a name] [how many tasks]
 *
 * Starts a private Redis, which takes about 1 GB. Whatever else the machine does may interrupt any command, so that it seems to be slow: a
 * case with more slow ones than by chance is done again, and is wrong if that happens every time.
 */
import { Redis } from 'ioredis';
import { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { TaskQueueAdmin } from '../../lib/index.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';
import { RedisServer } from '../../lib/testing/redis-server.js';
import { listCases } from './million/list-cases.js';
import type { MillionCase } from './million/million-case.js';
import { MillionQueue } from './million/million-queue.js';
import { monitorCases } from './million/monitor-cases.js';
import { SlowCommands } from './million/slow-commands.js';
import { steeringCases } from './million/steering-cases.js';

const [PART = '', TASKS = '1000000'] = process.argv.slice(2);
const TRIES = 5;

const server = await RedisServer.start();
const redis = new Redis(server.url);
const slowCommands = new SlowCommands(redis);
const open = (): RedisBroker => new RedisBroker({ redis: server.url, prefix: '', commandTimeoutMs: 60_000 });
const [broker, others] = [open(), open()];
try {
  const admin = new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: server.url }));
  const queue = new MillionQueue(broker, admin, redis, others);
  const begun = performance.now();
  await queue.fill(Number(TASKS));
  print('fill', begun, `${TASKS} tasks`);
  queue.traffic.start();
  try {
    for (const each of [...listCases, ...monitorCases, ...steeringCases].filter(({ name }) => name.includes(PART)))
      await run(each, queue);
  } finally {
    await queue.traffic.stop();
  }
  console.log(`meanwhile ${queue.traffic.claimed.size} were claimed and ${queue.traffic.added} added`);
} finally {
  await Promise.all([broker.close(), others.close()]);
  redis.disconnect();
  await server.stop();
}

async function run(each: MillionCase, queue: MillionQueue): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const begun = performance.now();
    await slowCommands.begin();
    const answer = await each.run(queue);
    const slow = await slowCommands.since();
    print(each.name, begun, [answer, ...slow.map(({ told }) => `slow: ${told}`)].join('; '));
    if (slow.every(({ isChance }) => isChance)) return;
    if (attempt === TRIES) throw new Error(`${each.name}: commands were slow ${TRIES} times`);
  }
}

function print(name: string, begun: number, told: string): void {
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  console.log(`${name.padEnd(24)} ${seconds.padStart(6)} s  ${told}`);
}
