import { Redis } from 'ioredis';
import { afterAll, beforeEach, expect, inject } from 'vitest';

/** The shared Redis server as one test file sees it. */
export interface RedisFixture {
  readonly url: string;
  /** New for every test. */
  readonly prefix: string;
  /** A client of the test's own, to look from outside. */
  readonly redis: Redis;
  /** All keys under the prefix of this test, without the prefix. */
  keys(): Promise<string[]>;
}

/**
 * A prefix per test on the server that all test files share. After the file nothing may be left but its keys: they are
 * deleted, and no connection that the library opened may still stand.
 */
export function redisFixture(file: string): RedisFixture {
  const url = inject('redisUrl');
  const redis = new Redis(url, { connectionName: `test:${file}` });
  const filePrefix = `${file}:${process.pid}:`;
  let test = 0;
  const scan = async (prefix: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1000 })) found.push(...(page as string[]));
    return found;
  };

  beforeEach(() => void test++);
  afterAll(async () => {
    const keys = await scan(filePrefix);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
    expect(await scanAfterQuit(url, filePrefix)).toEqual([]);
  });

  return {
    url,
    get prefix() {
      return `${filePrefix}${test}:`;
    },
    redis,
    async keys() {
      return (await scan(`${filePrefix}${test}:`)).map((key) => key.slice(`${filePrefix}${test}:`.length)).sort();
    },
  };
}

async function scanAfterQuit(url: string, prefix: string): Promise<string[]> {
  const redis = new Redis(url);
  const [, keys] = await redis.scan('0', 'MATCH', `${prefix}*`, 'COUNT', 100_000);
  await redis.quit();
  return keys;
}
