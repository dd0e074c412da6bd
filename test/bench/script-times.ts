/**
 * How long each script keeps Redis from everything else: its largest batch, with tasks that carry 200 bytes.
 *
 *     node --import ./test/support/typescript/register.mjs test/bench/script-times.ts [part of a name] [calls of each]
 *
 * Starts a private Redis, puts 50,000 statuses into it, and prints microseconds per call as Redis itself counts them. Read the
 * median: whatever else the machine does may interrupt any call. Where it is far above the minimum, others keep the caches busy.
 */
import { Redis } from 'ioredis';
import { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { RedisServer } from '../../lib/testing/redis-server.js';
import { exchangeCases } from './script-times/exchange-cases.js';
import { plainCases } from './script-times/plain-cases.js';
import { queueCases } from './script-times/queue-cases.js';
import { repairCases } from './script-times/repair-cases.js';
import type { ScriptCase } from './script-times/script-case.js';
import { fillBackground, Stage } from './script-times/stage.js';

const [PART = '', CALLS = '30'] = process.argv.slice(2);
/** Those before are not counted: Redis gets to know the script, and every path of it is taken for the first time. */
const WARM_UP = 5;

const server = await RedisServer.start();
const redis = new Redis(server.url);
const broker = new RedisBroker({ redis: server.url, prefix: '', commandTimeoutMs: 60_000 });
try {
  await fillBackground(redis);
  print('microseconds per call', 'min', 'median', 'p90', 'max');
  const cases = [...exchangeCases, ...queueCases, ...plainCases, ...repairCases].filter(({ name }) =>
    name.includes(PART),
  );
  for (const [index, each] of cases.entries()) {
    const micros = await measure(each, new Stage(broker, redis, `case-${index}`), Number(CALLS));
    const at = (share: number): string => String(Math.round(micros[Math.floor((micros.length - 1) * share)] ?? 0));
    print(each.name, at(0), at(0.5), at(0.9), at(1));
  }
} finally {
  await broker.close();
  redis.disconnect();
  await server.stop();
}

/** @returns how long the calls took, sorted */
async function measure(scriptCase: ScriptCase, stage: Stage, calls: number): Promise<number[]> {
  const call = await scriptCase.prepare(stage, WARM_UP + calls);
  const micros: number[] = [];
  for (let n = 0; n < WARM_UP + calls; n++) {
    await redis.config('RESETSTAT');
    await call(n);
    const stats = /^cmdstat_evalsha:calls=(\d+),usec=(\d+)/m.exec(await redis.info('commandstats'));
    if (n >= WARM_UP) micros.push(Number(stats?.[2]) / Number(stats?.[1]));
  }
  return micros.sort((one, other) => one - other);
}

function print(name: string, ...columns: string[]): void {
  console.log([name.padEnd(64), ...columns.map((column) => column.padStart(7))].join(' '));
}
