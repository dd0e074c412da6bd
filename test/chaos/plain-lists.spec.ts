import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import type { RespCommand } from '../support/resp-commands.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';
import { workerProcesses } from '../support/worker-processes.js';

const OPTIONS = {
  lease: 1_500,
  defaults: { concurrency: 20 },
  plain: [{ list: 'jobs', task: 'plain', queue: 'default', statusPrefix: 'jobs_status:' }],
};
const CLAIMED = 'task_plain:{default}:jobs';

const target = privateRedis({ aof: 'always' });
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-plain-lists', target);

const elements = (count: number): string[] => Array.from({ length: count }, (_, n) => JSON.stringify({ id: `e${n}` }));

it('kill -9 between the claim of an element and its adoption: the next process makes a task of it', async () => {
  const victim = await workers.start('victim', OPTIONS);
  await eventually(async () => (await target.connections()).some((line) => line.includes(' cmd=blmove ')));
  // Asleep in its BLMOVE, which Redis carries out for it; of that it never hears.
  victim.process.kill('SIGSTOP');
  const [element = ''] = elements(1);
  await target.redis.lpush('jobs', element);
  await eventually(async () => (await target.redis.lrange(CLAIMED, 0, -1)).includes(element));
  victim.process.kill('SIGKILL');
  await victim.exit;
  expect(await target.redis.exists('jobs', 'task_queue:{default}')).toBe(0);

  await workers.start('successor', OPTIONS);
  await expectOneTaskEach([element]);
});

it('kill -9 of one of two workers while elements come in: each of them ends exactly once', async () => {
  const victim = await workers.start('victim', OPTIONS);
  await workers.start('survivor', OPTIONS);
  const all = elements(3_000);
  const pushing = (async () => {
    for (let n = 0; n < all.length; n += 30) await target.redis.lpush('jobs', ...all.slice(n, n + 30));
  })();
  await eventually(async () => (await workers.journal.length()) > 300);
  victim.process.kill('SIGKILL');
  await victim.exit;
  await pushing;
  await expectOneTaskEach(all);
});

it.each([
  ['is killed', () => target.server.kill().then(() => target.server.restart())],
  ['is restarted', () => target.server.restart()],
  ['breaks all connections', () => target.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
])('Redis %s while elements are taken in: each of them ends exactly once', async (_what, disturb) => {
  const runs: string[] = [];
  const handler = workHandler(async (data: string) => {
    runs.push(data);
    return data;
  });
  const all = elements(4_000);
  await target.redis.lpush('jobs', ...all);
  const { app, log } = await startApp(
    { ...OPTIONS, redis: target.url, plain: [{ ...OPTIONS.plain[0]!, task: 'work' }] },
    [handler],
  );
  for (const progress of [300, 1_000, 2_000]) {
    await eventually(() => runs.length >= progress, { everyMs: 1 });
    await disturb();
  }
  await expectOneTaskEach(all);
  // And it listens again.
  await target.redis.lpush('jobs', 'last');
  await eventually(() => runs.includes('last'));
  expect(log.of('error').filter((text) => !text.startsWith('Redis'))).toEqual([]);
  await app.close();
});

it.each([
  ['the claim', ({ name }: RespCommand) => name === 'blmove'],
  ['the adoption', ({ args }: RespCommand) => args.includes(CLAIMED) && args.length > 10],
])('the answer to %s is lost: the element is one task all the same', async (_what, match) => {
  const proxy = await target.proxy();
  const plain = [{ ...OPTIONS.plain[0]!, task: 'work' }];
  await startApp({ ...OPTIONS, redis: proxy.url, plain }, [workHandler((data) => data)]);
  await eventually(async () => (await target.connections()).some((line) => line.includes(' cmd=blmove ')));
  const lost = proxy.loseReplyTo(match);
  // The one that waits already ends first.
  await target.redis.lpush('jobs', '{"id":"first"}');
  await eventually(async () => (await target.redis.get('jobs_status:first')) !== null);
  await target.redis.lpush('jobs', '{"id":"second"}');
  await lost;
  await expectOneTaskEach(['{"id":"first"}', '{"id":"second"}']);
});

it('the connections go silent: elements are taken in over new ones', async () => {
  const proxy = await target.proxy();
  const plain = [{ ...OPTIONS.plain[0]!, task: 'work' }];
  const options = { ...OPTIONS, commandTimeout: 500, redis: proxy.url, plain };
  const { log } = await startApp(options, [workHandler((data) => data)]);
  await eventually(async () => (await target.connections()).some((line) => line.includes(' cmd=blmove ')));
  proxy.silence();
  // Redis claims the first one for a process that does not hear of it.
  await target.redis.lpush('jobs', '{"id":"first"}');
  await eventually(() => log.of('error').length > 0);
  proxy.speak();
  await target.redis.lpush('jobs', '{"id":"second"}');
  await expectOneTaskEach(['{"id":"first"}', '{"id":"second"}']);
});

it('Redis has no memory left: elements wait, and are taken in once it has', async () => {
  const all = elements(200);
  await target.redis.lpush('jobs', ...all);
  await target.redis.config('SET', 'maxmemory', '1');
  const plain = [{ ...OPTIONS.plain[0]!, task: 'work' }];
  const { log } = await startApp({ ...OPTIONS, redis: target.url, plain }, [workHandler((data) => data)]);
  await eventually(() => log.of('error').some((text) => text.includes('OOM')));
  expect(await target.redis.llen('jobs')).toBe(all.length);
  await target.redis.config('SET', 'maxmemory', '0');
  await expectOneTaskEach(all);
});

/** Each element is a task of its own, completed, and its plain status says so. */
async function expectOneTaskEach(all: readonly string[]): Promise<void> {
  const results = await eventually(
    async () => {
      const keys = await target.redis.keys('task_status:{default}:*');
      if (keys.length < all.length) throw new Error(`${keys.length} of ${all.length} are tasks`);
      const statuses = await Promise.all(keys.map((key) => target.redis.hmget(key, 'state', 'result')));
      const open = statuses.filter(([state]) => state !== 'completed');
      if (open.length > 0) throw new Error(`${open.length} have not ended, such as ${String(open[0])}`);
      return statuses.map(([, result]) => JSON.parse(result ?? '') as string);
    },
    { timeoutMs: 20_000, everyMs: 50 },
  );
  expect(results.toSorted()).toEqual(all.toSorted());
  const ids = all.map((element) => (JSON.parse(element) as { id: string }).id);
  const words = await target.redis.mget(ids.map((id) => `jobs_status:${id}`));
  expect(new Set(words)).toEqual(new Set(['completed']));
  expect(await target.redis.exists('jobs', CLAIMED, 'task_watched:{default}:plain')).toBe(0);
}
