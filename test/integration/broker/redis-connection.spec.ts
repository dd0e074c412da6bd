import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { RedisConnection } from '../../../lib/broker/redis/redis-connection.js';
import { RedisServer } from '../../../lib/testing/redis-server.js';
import { eventually } from '../../support/eventually.js';

const NOWHERE = 'redis://127.0.0.1:1';
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

function connect(url: string, timeoutMs = 400): RedisConnection {
  const connection = new RedisConnection(url, timeoutMs, timeoutMs);
  cleanUp.push(() => connection.close());
  return connection;
}

describe('RedisConnection', () => {
  it('lets any number of callers wait, with no warning about listeners, and fails each in time', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    cleanUp.push(() => process.off('warning', onWarning));

    const connection = connect(NOWHERE);
    const begun = performance.now();
    const calls = await Promise.allSettled(
      Array.from({ length: 200 }, () => connection.repeatable((redis) => redis.ping())),
    );
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(new Set(calls.map((call) => ((call as PromiseRejectedResult).reason as { code: string }).code))).toEqual(
      new Set(['REDIS_UNAVAILABLE']),
    );
    expect(warnings).toEqual([]);
  });

  it('sends what waited as soon as Redis is there', async () => {
    const server = await RedisServer.start();
    cleanUp.push(() => server.stop());
    const connection = connect(server.url, 10_000);
    await connection.ready();
    await server.kill();
    const waiting = connection.repeatable((redis) => redis.ping());
    await server.restart();
    expect(await waiting).toBe('PONG');
  });

  it('ends every wait when it is closed, and may be closed twice', async () => {
    const connection = connect(NOWHERE, 10_000);
    const waiting = connection.repeatable((redis) => redis.ping());
    await Promise.resolve();
    connection.close();
    connection.close();
    await expect(waiting).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('closed') as string,
    });
    await expect(connection.ready()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  });

  it('fails at once, and only once, what was under way when the connection broke', async () => {
    const server = await RedisServer.start();
    cleanUp.push(() => server.stop());
    const connection = connect(server.url, 10_000);
    await connection.ready();
    let sent = 0;
    const blocked = connection.once((redis) => {
      sent++;
      return redis.blpop('nothing', 0);
    });
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([server.kill(), expect(blocked).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })]);
    expect(sent).toBe(1);
  });

  it('fails in time what gets no answer, also while the connection is not called silent yet', async () => {
    const server = await RedisServer.start();
    cleanUp.push(() => server.stop());
    const connection = new RedisConnection(server.url, 300, 60_000);
    cleanUp.push(() => connection.close());
    expect(await connection.repeatable((redis) => redis.ping())).toBe('PONG');
    const begun = performance.now();
    await expect(connection.repeatable((redis) => redis.blpop('nothing', 0))).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('no answer') as string,
    });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(299);
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  it('looks for the master again when it has come to a replica', async () => {
    const server = await RedisServer.start();
    const admin = new Redis(server.url);
    cleanUp.push(
      () => server.stop(),
      () => admin.quit(),
    );
    const connection = connect(server.url, 5_000);
    const before = await connection.once((redis) => redis.client('ID'));
    await admin.replicaof('127.0.0.1', 1);
    const writing = connection.repeatable((redis) => redis.set('a', '1'));
    await eventually(async () => (await connection.repeatable((redis) => redis.client('ID'))) !== before);
    await admin.replicaof('NO', 'ONE');
    expect(await writing).toBe('OK');
  });

  it('fails with the reason where no master comes', async () => {
    const server = await RedisServer.start();
    const admin = new Redis(server.url);
    cleanUp.push(
      () => server.stop(),
      () => admin.quit(),
    );
    await admin.replicaof('127.0.0.1', 1);
    await expect(connect(server.url).repeatable((redis) => redis.set('a', '1'))).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('READONLY') as string,
    });
  });
});
