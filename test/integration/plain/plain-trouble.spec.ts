import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { PlainLists } from '../../support/plain-lists.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('plain-trouble');
const plain = new PlainLists(fixture);
const { redis } = fixture;

it.each([
  ['the list', () => plain.list],
  ['what was claimed of it', () => plain.claimed],
])('%s is no list: that is said once, and taken in once it is one', { timeout: 60_000 }, async (_what, keyOf) => {
  const got: unknown[] = [];
  const key = keyOf();
  await redis.set(key, 'precious');
  const { log } = await startApp(plain.options(), [workHandler((data) => void got.push(data), { queue: 'q' })]);
  if (key !== plain.list) {
    await eventually(async () => String(await redis.client('LIST')).includes('cmd=blmove'));
    await plain.push('one');
  }
  const said = await eventually(() => log.of('error').length > 0 && log.of('error'));
  expect(said).toEqual([expect.stringContaining(`"${plain.list}" cannot be read, for the key "${key}" is no list`)]);

  // In a tight loop these would be thousands.
  await redis.config('RESETSTAT');
  await delay(1_000);
  expect(await callsOf('blmove')).toBeLessThan(5);
  expect(await redis.get(key)).toBe('precious');

  await redis.del(key);
  if (key === plain.list) await plain.push('one');
  await eventually(() => got.length === 1, { timeoutMs: 20_000 });
  await eventually(() => log.of('log').includes(`Plain list "${plain.list}" is read again`));
  expect(log.of('error')).toHaveLength(1);
});

it('one list that cannot be read keeps no other from being read', async () => {
  const got: unknown[] = [];
  await redis.set(plain.list, 'precious');
  const other = `${fixture.prefix}other`;
  const options = plain.options();
  options.plain?.push({ list: other, task: 'work', queue: 'q', statusPrefix: plain.statusPrefix });
  await redis.lpush(other, 'one');
  await startApp(options, [workHandler((data) => void got.push(data), { queue: 'q' })]);
  await eventually(() => got.length === 1);
});

it('a process that stops leaves nothing in between', async () => {
  const broker = openBroker(fixture);
  const inlet = broker.plain.open(partitionOf('q'), plain.source());
  await plain.push('one');
  expect(await inlet.claim(5_000)).toBeNull();
  inlet.close();
  expect(await redis.lrange(plain.claimed, 0, -1)).toEqual(['one']);
  expect(await inlet.adopt()).toEqual({ count: 1, more: false, malformed: [] });
  expect(await redis.exists(plain.claimed, plain.list)).toBe(0);
  expect(await redis.llen(`${fixture.prefix}task_queue:{q}`)).toBe(1);
});

it('keys of another layout are left alone, and what is pushed meanwhile waits', async () => {
  await redis.hset(`${fixture.prefix}task_meta:{q}`, 'layout', '99');
  const app = await startApp(plain.options(), [workHandler(() => undefined, { queue: 'q' })]);
  await plain.push('one');
  await eventually(() => app.log.of('error').some((text) => text.includes('layout')));
  await stopApp(app);
  expect([...(await redis.lrange(plain.claimed, 0, -1)), ...(await redis.lrange(plain.list, 0, -1))]).toEqual(['one']);
  expect(await redis.exists(`${fixture.prefix}task_queue:{q}`)).toBe(0);
});

it('one call takes a bounded part, in elements and in bytes', async () => {
  const broker = openBroker(fixture);
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
  expect(await redis.llen(`${fixture.prefix}task_queue:{q}`)).toBe(124);
});

async function callsOf(command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}
