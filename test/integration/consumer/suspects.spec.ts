import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type TaskContext, TaskHandler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('suspects');
const key = (name: string): string => `${fixture.prefix}${name}`;

interface Run {
  id: string;
  from: number;
  to: number;
  /** What its status said when the handler began. */
  state: string | null;
  /** What that of the suspect said of its company by then. */
  company: string | null;
}

let runs: Run[] = [];

@Injectable()
class Tasks {
  @TaskHandler('work', { queue: 'one' })
  @TaskHandler('work', { queue: 'two' })
  async work(ms: number, { id, queue }: TaskContext): Promise<void> {
    const run: Run = { id, from: performance.now(), to: Infinity, state: null, company: null };
    runs.push(run);
    run.state = await fixture.redis.hget(key(`task_status:{${queue}}:${id.slice(queue.length + 1)}`), 'state');
    run.company = await fixture.redis.hget(key('task_status:{one}:suspect'), 'company');
    await delay(ms);
    run.to = performance.now();
  }
}

/** What a worker finds that was lost so often before. */
async function push(list: 'queue' | 'suspects', queue: string, id: string, lost: number, ms: number): Promise<void> {
  await fixture.redis.hset(key(`task_status:{${queue}}:${id}`), { state: 'waiting', name: 'work', created: '1' });
  await fixture.redis.lpush(
    key(`task_${list}:{${queue}}`),
    `{"id":"${id}","attempt":${lost},"lost":${lost},"name":"work","data":${ms}}`,
  );
  await fixture.redis.lpush(key(`task_bell:{${queue}}`), '1');
}

async function start(): Promise<TestApp> {
  runs = [];
  return startApp({ redis: fixture.url, prefix: fixture.prefix, defaults: { concurrency: 3 } }, [Tasks]);
}

const runOf = async (id: string): Promise<Run> =>
  eventually(() => runs.find((run) => run.id === id), { timeoutMs: 8_000, what: id });
const endOf = async (id: string): Promise<Run> =>
  eventually(() => runs.find((run) => run.id === id && run.to < Infinity), { timeoutMs: 8_000, what: `end of ${id}` });

it('a suspect begins when nothing runs any more, on no queue, and nothing begins beside it', async () => {
  const { producer } = await start();
  for (const queue of ['one', 'two']) await producer.add('work', 300, { queue, id: 'before' });
  await Promise.all(['one:before', 'two:before'].map(runOf));
  await push('suspects', 'one', 'suspect', 2, 300);
  await eventually(async () => (await fixture.redis.llen(key('task_suspects:{one}'))) === 0, { what: 'its claim' });
  for (const queue of ['one', 'two']) await producer.add('work', 0, { queue, id: 'after' });

  const suspect = await endOf('one:suspect');
  for (const id of ['one:before', 'two:before']) expect((await endOf(id)).to).toBeLessThan(suspect.from);
  for (const id of ['one:after', 'two:after']) expect((await endOf(id)).from).toBeGreaterThan(suspect.to);
  expect(suspect.company).toBe('alone');
});

it('two suspects of two queues do not run at the same time', async () => {
  await push('suspects', 'one', 'a', 2, 100);
  await push('suspects', 'one', 'b', 2, 100);
  await push('suspects', 'two', 'c', 2, 100);
  await start();
  const inTurn = (await Promise.all(['one:a', 'one:b', 'two:c'].map(endOf))).sort((a, b) => a.from - b.from);
  expect(inTurn[1]?.from).toBeGreaterThan(inTurn[0]?.to ?? Infinity);
  expect(inTurn[2]?.from).toBeGreaterThan(inTurn[1]?.to ?? Infinity);
  expect((inTurn[2]?.from ?? Infinity) - (inTurn[0]?.from ?? 0), 'nobody waits for the next poll').toBeLessThan(4_000);
});

it('Redis knows that a suspect is not alone any more before anything begins beside it', async () => {
  const { producer } = await start();
  await push('suspects', 'one', 'suspect', 2, 3_000);
  const suspect = await runOf('one:suspect');
  await producer.add('work', 0, { queue: 'two', id: 'beside' });
  const beside = await endOf('two:beside');
  expect(suspect.company).toBe('alone');
  expect(beside.company).toBe('not alone');
  expect(beside.from).toBeLessThan((await endOf('one:suspect')).to);
});

it('a suspect that takes long does not hold up the others for longer than a few seconds, nor do they hold up it', async () => {
  const { producer } = await start();
  await producer.add('work', 4_500, { queue: 'two', id: 'before' });
  const before = await runOf('two:before');
  await push('suspects', 'one', 'suspect', 2, 4_000);
  await eventually(async () => (await fixture.redis.llen(key('task_suspects:{one}'))) === 0, { what: 'its claim' });
  await producer.add('work', 0, { queue: 'two', id: 'after' });

  const after = await endOf('two:after');
  const suspect = await endOf('one:suspect');
  await endOf('two:before');
  expect(suspect.from).toBeLessThan(before.to);
  expect(suspect.company, 'something else ran when it began').toBe('not alone');
  expect(after.from).toBeGreaterThan(suspect.from + 1_500);
  expect(after.from).toBeLessThan(suspect.to);
});

it.each([0, 1])('what was lost %s times begins when its status says that it is active, and no sooner', async (lost) => {
  const { producer, status } = await start();
  // Once handlers are known to be quick, which a busy machine may hide for a while, their beginnings are not marked.
  for (let n = 0, isMarked = true; isMarked; n++) {
    await producer.add('work', 0, { queue: 'one', id: `quick-${n}` });
    isMarked = (await endOf(`one:quick-${n}`)).state === 'active';
  }
  await push('queue', 'one', 'a', lost, 0);
  expect(await endOf('one:a')).toMatchObject({ state: 'active' });
  await eventually(async () => (await status.get('one:a'))?.state === 'completed', { what: 'its end' });
});
