import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { PlainLists } from '../../support/plain-lists.js';
import { privateRedis } from '../../support/private-redis.js';
import { startApp, stopApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

// Its commands are counted.
const target = privateRedis();
const prefix = 'shop:';
const place = {
  prefix,
  get url() {
    return target.url;
  },
  get redis() {
    return target.redis;
  },
};
const plain = new PlainLists(place);

it.each([
  ['the list', () => plain.list],
  ['what was claimed of it', () => plain.claimed],
])('%s is no list: that is said once, and taken in once it is one', { timeout: 60_000 }, async (_what, keyOf) => {
  const got: unknown[] = [];
  const key = keyOf();
  await target.redis.set(key, 'precious');
  const { log } = await startApp(plain.options(), [workHandler((data) => void got.push(data), { queue: 'q' })]);
  if (key !== plain.list) {
    await eventually(async () => (await target.connections()).some((line) => line.includes(' cmd=blmove ')));
    await plain.push('one');
  }
  const said = await eventually(() => log.of('error').length > 0 && log.of('error'));
  expect(said).toEqual([expect.stringContaining(`"${plain.list}" cannot be read, for the key "${key}" is no list`)]);

  // In a tight loop these would be thousands.
  await target.redis.config('RESETSTAT');
  await delay(1_000);
  expect(await callsOf('blmove')).toBeLessThan(5);
  expect(await target.redis.get(key)).toBe('precious');

  await target.redis.del(key);
  if (key === plain.list) await plain.push('one');
  await eventually(() => got.length === 1, { timeoutMs: 20_000 });
  await eventually(() => log.of('log').includes(`Plain list "${plain.list}" is read again`));
  expect(log.of('error')).toHaveLength(1);
});

it('one list that cannot be read keeps no other from being read', async () => {
  const got: unknown[] = [];
  await target.redis.set(plain.list, 'precious');
  const other = `${prefix}other`;
  const options = plain.options();
  options.plain?.push({ list: other, task: 'work', queue: 'q', statusPrefix: plain.statusPrefix });
  await target.redis.lpush(other, 'one');
  await startApp(options, [workHandler((data) => void got.push(data), { queue: 'q' })]);
  await eventually(() => got.length === 1);
});

it('a process that stops leaves nothing in between', async () => {
  const broker = openBroker(place);
  const inlet = broker.plain.open(partitionOf('q'), plain.source());
  await plain.push('one');
  expect(await inlet.claim(5_000)).toBeNull();
  inlet.close();
  expect(await target.redis.lrange(plain.claimed, 0, -1)).toEqual(['one']);
  expect(await inlet.adopt()).toEqual({ count: 1, more: false, malformed: [] });
  expect(await target.redis.exists(plain.claimed, plain.list)).toBe(0);
  expect(await target.redis.llen(`${prefix}task_queue:{q}`)).toBe(1);
});

it('keys of another layout are left alone, and what is pushed meanwhile waits', async () => {
  await target.redis.hset(`${prefix}task_meta:{q}`, 'layout', '99');
  const app = await startApp(plain.options(), [workHandler(() => undefined, { queue: 'q' })]);
  await plain.push('one');
  await eventually(() => app.log.of('error').some((text) => text.includes('layout')));
  await stopApp(app);
  expect([
    ...(await target.redis.lrange(plain.claimed, 0, -1)),
    ...(await target.redis.lrange(plain.list, 0, -1)),
  ]).toEqual(['one']);
  expect(await target.redis.exists(`${prefix}task_queue:{q}`)).toBe(0);
});

it.each(['task_queue:{q}', 'task_watched:{q}:plain'])('where %s is something else nothing is written', async (key) => {
  await target.redis.set(`${prefix}${key}`, 'precious');
  const { log } = await startApp(plain.options(), [workHandler(() => undefined, { queue: 'q' })]);
  await plain.push('{"id":"a"}');
  await eventually(() => log.of('error').some((text) => text.includes('WRONGTYPE')));
  await eventually(async () => (await callsOf('blmove')) + (await callsOf('evalsha')) > 5);
  expect(await target.redis.keys('*status*')).toEqual([]);
  expect((await target.redis.llen(plain.list)) + (await target.redis.llen(plain.claimed))).toBe(1);
});

it('one call takes a bounded part, in elements and in bytes', async () => {
  const broker = openBroker(place);
  const inlet = broker.plain.open(partitionOf('q'), plain.source());
  await plain.push(...Array.from({ length: 120 }, (_, n) => String(n)));
  expect(await inlet.adopt()).toEqual({ count: 50, more: true, malformed: [] });
  expect(await inlet.adopt()).toMatchObject({ count: 50 });
  expect(await inlet.adopt()).toEqual({ count: 20, more: false, malformed: [] });
  await plain.push(...Array.from({ length: 3 }, () => 'x'.repeat(40_000)));
  expect(await inlet.adopt()).toMatchObject({ count: 2, more: true });
  expect(await inlet.adopt()).toMatchObject({ count: 1, more: false });
  // What others have added stands before it.
  await broker.enqueue(partitionOf('q'), [newTask('mine')]);
  expect(await target.redis.llen(`${prefix}task_queue:{q}`)).toBe(124);
});

async function callsOf(command: string): Promise<number> {
  const stats = await target.redis.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}
