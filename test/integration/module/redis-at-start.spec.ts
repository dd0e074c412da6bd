import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RedisTaskQueueOptions } from '../../../lib/index.js';
import { allCompleted } from '../../support/all-completed.js';
import { eventually } from '../../support/eventually.js';
import { privateRedis } from '../../support/private-redis.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const COMMAND_TIMEOUT_MS = 400;
const NOWHERE = 'redis://127.0.0.1:1';

const target = privateRedis();
const work = workHandler(() => 'done');

/** Works on a task of its own, so that it has connected. */
async function startAndWork(options: RedisTaskQueueOptions): Promise<TestApp> {
  const started = await startApp(options, [work]);
  const { id } = await started.producer.add('work');
  await allCompleted(started.status, [id]);
  return started;
}

async function infoCalls(): Promise<number> {
  const stats = await target.redis.info('commandstats');
  return Number(/cmdstat_info:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('waitForRedis', () => {
  it.each([
    ['a worker', true],
    ['a process that only adds', false],
  ])('true: %s starts without Redis', async (_what, consume) => {
    const begun = performance.now();
    await startApp({ redis: NOWHERE, consume }, [work]);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it.each([
    ['a worker', true],
    ['a process that only adds', false],
  ])('false: the start of %s fails in time, and nothing goes on connecting', async (_what, consume) => {
    await target.server.kill();
    const begun = performance.now();
    const options = { redis: target.url, consume, waitForRedis: false, commandTimeout: COMMAND_TIMEOUT_MS };
    await expect(startApp(options, [work])).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(COMMAND_TIMEOUT_MS + 1_000);

    await target.server.restart();
    await delay(1_000); // longer than the pauses between the first tries to connect
    expect(await target.connections()).toEqual([]);
  });

  it('false: the start names the reason', async () => {
    const starting = startApp({ redis: NOWHERE, waitForRedis: false, commandTimeout: COMMAND_TIMEOUT_MS });
    await expect(starting).rejects.toThrow(/ECONNREFUSED/);
  });

  it('false: with Redis there, everything works', async () => {
    const { log } = await startAndWork({ redis: target.url, waitForRedis: false });
    expect([...log.of('error'), ...log.of('warn')]).toEqual([]);
  });

  it('false: where the start fails for another reason, the connection is closed', async () => {
    const starting = startApp({ redis: target.url, waitForRedis: false, consume: ['emial'] }, [work]);
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await eventually(async () => (await target.connections()).length === 0);
  });
});

describe('what is said of Redis at the first connection', () => {
  it('nothing where all is well', async () => {
    const { log } = await startAndWork({ redis: target.url });
    await eventually(async () => (await infoCalls()) >= 4);
    expect([...log.of('error'), ...log.of('warn')]).toEqual([]);
  });

  it.each([
    ['a worker', true],
    ['a process that only adds', false],
  ])('%s warns of an eviction policy, once', async (_what, consume) => {
    await target.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { log, producer } = await startApp({ redis: target.url, consume }, [work]);
    await producer.add('work');
    await eventually(() => log.of('warn').length > 0);
    await target.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await eventually(() => log.of('log').some((line) => line.startsWith('All works again')));
    expect(log.of('warn')).toEqual([expect.stringMatching(/allkeys-lru.*set maxmemory-policy to noeviction/)]);
    expect(await target.connections()).toHaveLength(consume ? 2 : 1);
  });

  it('a process that only adds does not connect for it', async () => {
    await startApp({ redis: target.url, consume: false }, [work]);
    await delay(200);
    expect(await target.connections()).toEqual([]);
  });

  it('one whose user may not ask goes without', async () => {
    await target.redis.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-info');
    await target.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const url = target.url.replace('redis://', 'redis://app:secret@');
    const { log } = await startAndWork({ redis: url });
    const denied = async (): Promise<boolean> =>
      /cmdstat_info:.*rejected_calls=[4-9]/.test(await target.redis.info('commandstats'));
    await eventually(denied);
    expect([...log.of('error'), ...log.of('warn')]).toEqual([]);
  });
});
