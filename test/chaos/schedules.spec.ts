import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { redisScripts } from '../../lib/broker/redis/redis-scripts.js';
import { type RedisTaskQueueOptions, TaskScheduler, type TaskStatusService } from '../../lib/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { runs } from '../support/resp-commands.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';
import { type WorkerProcess, workerProcesses } from '../support/worker-processes.js';

const EVERY_MS = 500;
const TICK = 'schedule:s:';
const OPTIONS = { lease: '1500ms' } satisfies RedisTaskQueueOptions;

const target = privateRedis({ aof: 'always' });
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-schedules', target);

interface Schedule {
  status: TaskStatusService;
  scheduler: TaskScheduler;
  /** The tick that was next when it began. */
  first: number;
}

async function startSchedule(): Promise<Schedule> {
  const { app, status } = await startApp({ redis: target.url });
  const scheduler = app.get(TaskScheduler);
  const info = await scheduler.upsert('s', { every: EVERY_MS, task: 'work', data: { ms: 20 }, catchUp: 1_000 });
  return { status, scheduler, first: info.nextTick?.getTime() ?? 0 };
}

/** Waits until shortly before or behind a tick, by the clock of this machine, which is Redis's. */
async function aroundTick(offsetMs: number): Promise<void> {
  const next = (Math.floor(Date.now() / EVERY_MS) + 2) * EVERY_MS + offsetMs;
  await delay(next - Date.now());
}

async function kill(worker: WorkerProcess): Promise<void> {
  worker.process.kill('SIGKILL');
  await worker.exit;
}

/** From the first tick to the last one that was made there is one task each, and each is completed. */
async function expectEveryTickOnce({ status, scheduler, first }: Schedule): Promise<number> {
  await scheduler.pause('s');
  const last = (await scheduler.get('s'))?.lastTick?.getTime() ?? 0;
  const count = (last - first) / EVERY_MS + 1;
  const ids = Array.from({ length: count }, (_, i) => TICK + new Date(first + i * EVERY_MS).toISOString());
  await allCompleted(
    status,
    ids.map((id) => `default:${id}`),
  );
  const prefix = 'task_status:{default}:';
  const keys = await target.redis.keys(`${prefix}*`);
  expect(keys.map((key) => key.slice(prefix.length)).sort()).toEqual(ids);
  return count;
}

// Every process takes a while to start.
describe('kill -9 around the ticks of a schedule', { timeout: 60_000 }, () => {
  it('of one of two workers, again and again: every tick has one task', async () => {
    const schedule = await startSchedule();
    const alive = [await workers.start('w0', OPTIONS), await workers.start('w1', OPTIONS)];
    for (const [round, offsetMs] of [-1, 1, 5].entries()) {
      await aroundTick(offsetMs);
      const [victim] = alive.splice(round % 2, 1);
      if (victim) await kill(victim);
      alive.push(await workers.start(`w${round + 2}`, OPTIONS));
    }
    await aroundTick(100);
    expect(await expectEveryTickOnce(schedule)).toBeGreaterThan(10);
    const began = (await workers.journal.read('began')).map(({ id }) => id);
    expect(began.length - new Set(began).size, 'only what was lost ran again').toBeLessThanOrEqual(3);
  });

  it('of the only worker: those that start later make what was missed', async () => {
    const schedule = await startSchedule();
    for (const [round, offsetMs] of [0, 2].entries()) {
      const only = await workers.start(`w${round}`, OPTIONS);
      await aroundTick(offsetMs);
      await kill(only);
      await delay(2 * EVERY_MS);
    }
    await workers.start('last', OPTIONS);
    await aroundTick(100);
    expect(await expectEveryTickOnce(schedule)).toBeGreaterThan(8);
  });
});

it('a tick whose answer is lost is made once, and the schedule goes on', async () => {
  const proxy = await target.proxy();
  const ran: string[] = [];
  const { app } = await startApp({ redis: proxy.url }, [workHandler((_data, { id }) => void ran.push(id))]);
  for (let lost = 0; lost < 3; lost++) {
    const reply = proxy.loseReplyTo(runs(redisScripts.taskTick));
    if (lost === 0) await app.get(TaskScheduler).upsert('s', { every: EVERY_MS, task: 'work' });
    await reply;
  }
  await eventually(() => ran.length >= 5);
  const ticks = ran.map((id) => Date.parse(id.slice(-24)));
  expect(ticks).toEqual(ticks.map((_, i) => (ticks[0] ?? 0) + i * EVERY_MS));
});

it('ticks go on after Redis was down, and those of that time are made', async () => {
  const schedule = await startSchedule();
  await workers.start('w', OPTIONS);
  await aroundTick(0);
  await target.server.kill();
  await delay(3 * EVERY_MS);
  await target.server.restart();
  await eventually(async () => {
    const last = (await schedule.scheduler.get('s'))?.lastTick?.getTime() ?? 0;
    return last > Date.now() - 2 * EVERY_MS;
  });
  expect(await expectEveryTickOnce(schedule)).toBeGreaterThan(4);
});

it('a worker that was told in vain of a new schedule learns of it with its next connection', async () => {
  const ran: string[] = [];
  const { app } = await startApp({ redis: target.url }, [workHandler((_data, { id }) => void ran.push(id))]);
  await eventually(() => target.sleepers());
  // As if the ring had gone into a connection that was broken already.
  await app.get(TaskScheduler).upsert('s', { every: EVERY_MS, task: 'work', queue: 'elsewhere' });
  await target.redis.copy('task_schedule:{elsewhere}:s', 'task_schedule:{default}:s');
  await target.redis.zadd('task_schedules:{default}', Math.ceil(Date.now() / EVERY_MS) * EVERY_MS, 's');
  await target.redis.hincrby('task_meta:{default}', 'schedules', 1);
  await delay(2 * EVERY_MS);
  expect(ran).toEqual([]);
  for (const id of await target.sleepers()) await target.redis.client('KILL', 'ID', id);
  await eventually(() => ran.length >= 2, { timeoutMs: 4_000 });
});
