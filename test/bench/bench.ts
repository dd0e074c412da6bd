import { Redis } from 'ioredis';
import { writeFile } from 'node:fs/promises';
import { RedisServer } from '../../lib/testing/redis-server.js';
import { describeEnvironment, showEnvironment } from './environment.js';
import type { Figures } from './figures.js';
import { measure } from './measurement.js';
import { type BenchOptions, readOptions, USAGE } from './options.js';
import { table } from './report.js';
import { type Rounds, summarize } from './results.js';
import type { Workload } from './workload.js';

async function bench(options: BenchOptions): Promise<void> {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  try {
    const environment = await describeEnvironment(redis, options.peers);
    console.log(showEnvironment(environment));
    const workloads = [];
    for (const workload of options.workloads) {
      const tasks = options.quick ? workload.quickTasks : workload.tasks;
      const amount = `${tasks.toLocaleString('en')} tasks, ${options.rounds} round${options.rounds === 1 ? '' : 's'}`;
      console.log(`\n${workload.name}: ${workload.title} (${amount})`);
      const rounds = await runRounds(workload, tasks, options, server.url, redis);
      console.log(table(summarize(rounds)));
      workloads.push({ name: workload.name, title: workload.title, tasks, rounds: Object.fromEntries(rounds) });
    }
    if (options.json !== null)
      await writeFile(options.json, `${JSON.stringify({ environment, workloads }, null, 2)}\n`);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

async function runRounds(
  workload: Workload,
  tasks: number,
  { peers, rounds }: BenchOptions,
  url: string,
  redis: Redis,
): Promise<Rounds> {
  const results = new Map(peers.map((peer): [string, Figures[]] => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of inTurns(peers, round)) {
      await redis.flushall('SYNC');
      await redis.script('FLUSH', 'SYNC');
      results.get(peer)?.push(await measure(peer, workload.name, url, tasks));
    }
  }
  return results;
}

/** A B, then B A, and so on: whoever comes first has no lasting advantage of it. */
function inTurns(peers: readonly string[], round: number): readonly string[] {
  return round % 2 === 0 ? peers : peers.toReversed();
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await bench(options);
  else console.log(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
