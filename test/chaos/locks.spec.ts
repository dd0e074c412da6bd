import { afterEach, expect, it } from 'vitest';
import { redisScripts } from '../../lib/broker/redis/redis-scripts.js';
import type { AddOptions } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { runs } from '../support/resp-commands.js';
import { reaches } from '../support/settled.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';
import { workerProcesses } from '../support/worker-processes.js';

const LEASE_MS = 1_500;
const OPTIONS = { lease: LEASE_MS };

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-locks', target);

const finished: AddOptions = { unique: { key: 'k', until: 'finished' } };
const locks = async (): Promise<number> => target.redis.hlen('task_unique:{default}');

it('kill -9 of a worker whose task holds a key: held until another one has run it, then free', async () => {
  const { producer, status } = await startApp({ redis: target.url, consume: false });
  const victim = await workers.start('victim', OPTIONS);
  const { id } = await producer.add('hold', { gate: 'end' }, finished);
  await eventually(async () => (await workers.journal.read('began')).length === 1);
  victim.process.kill('SIGKILL');
  await victim.exit;
  expect(await producer.add('hold', { gate: 'end' }, finished)).toMatchObject({ id, outcome: 'duplicate' });

  await workers.start('successor', OPTIONS);
  await eventually(async () => (await workers.journal.read('began')).length === 2);
  expect(await producer.add('hold', { gate: 'end' }, finished)).toMatchObject({ id, outcome: 'duplicate' });
  await workers.journal.open('end');
  await reaches(status, id, 'completed');
  expect(await locks()).toBe(0);
  expect(await producer.add('hold', { gate: 'end' }, finished)).toMatchObject({ outcome: 'created' });
});

it('kill -9 of the worker that runs a debounced task: the next one waits until that is over, and begins then', async () => {
  const { producer, status } = await startApp({ redis: target.url, consume: false });
  const debounce = { key: 'k', wait: 10, whileRunning: 'queue-latest' } as const;
  const options = { ...OPTIONS, defaults: { delivery: 'at-most-once' as const } };
  const victim = await workers.start('victim', options);
  const first = await producer.add('hold', { gate: 'never' }, { debounce });
  await eventually(async () => (await workers.journal.read('began')).length === 1);
  const second = await producer.add('hold', { gate: 'end' }, { debounce });
  expect(second.outcome).toBe('created');
  await workers.journal.open('end');
  victim.process.kill('SIGKILL');
  await victim.exit;
  expect((await status.get(second.id))?.state).toBe('scheduled');

  await workers.start('successor', options);
  await reaches(status, first.id, 'failed');
  await reaches(status, second.id, 'completed');
  expect(await locks()).toBe(0);
});

/** Adds over a connection that loses the answer to this add, and to no other. */
async function addUnanswered(
  app: TestApp,
  lost: Promise<unknown>,
  data: unknown,
  options: AddOptions,
): Promise<unknown> {
  const added = await app.producer.add('work', data, options);
  await lost;
  return added;
}

it('an add with a key whose answer is lost is sent again, and is no duplicate of itself', async () => {
  const proxy = await target.proxy();
  const app = await startApp({ redis: proxy.url, consume: false });
  const lose = async (): Promise<unknown> => proxy.loseReplyTo(runs(redisScripts.taskAddLocked));
  for (const options of [finished, { throttle: { key: 'k', per: '1h' } } as const]) {
    const lost = lose();
    expect(await addUnanswered(app, lost, 1, options)).toMatchObject({ outcome: 'created' });
    expect(await app.producer.add('work', 1, options)).toMatchObject({ outcome: 'duplicate' });
  }
  expect(await target.redis.llen('task_queue:{default}')).toBe(2);
});

it('new data whose answer is lost replace nothing twice, even if their task has run meanwhile', async () => {
  const proxy = await target.proxy();
  const began: unknown[] = [];
  const { status } = await startApp({ redis: target.url, defaults: { status: 'off' } }, [
    workHandler((data) => void began.push(data)),
  ]);
  const app = await startApp({ redis: proxy.url, consume: false });
  const { id } = await app.producer.add('work', 1, { debounce: { key: 'k', wait: '1h' } });
  const lost = proxy.loseReplyTo(runs(redisScripts.taskAddLocked));
  void lost.then(() => proxy.silence());
  const adding = addUnanswered(app, lost, 2, { debounce: { key: 'k', wait: 1 } });
  await lost;
  await eventually(async () => began.length === 1 && (await status.get(id)) === null);
  proxy.cut();
  proxy.speak();
  expect(await adding).toMatchObject({ id, outcome: 'replaced' });
  expect(await app.producer.add('work', 3, { debounce: { key: 'k', wait: '1h' } })).toMatchObject({
    outcome: 'created',
  });
  expect(began).toEqual([2]);
});
