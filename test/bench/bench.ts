import { Redis } from 'ioredis';
import { writeFile } from 'node:fs/promises';
import { RedisServer } from '../../lib/testing/redis-server.js';
import { describeEnvironment, showEnvironment } from './environment.js';
import { type BenchOptions, readOptions, USAGE } from './options.js';
import { loadPeers } from './peers/index.js';
import { table } from './report.js';
import { summarize } from './results.js';
import { amountOf, measureRounds, roundsOf } from './rounds.js';
import type { Workload } from './workload.js';

async function bench(options: BenchOptions): Promise<void> {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  try {
    const peers = await loadPeers(options.peers);
    const environment = await describeEnvironment(redis, peers);
    console.log(showEnvironment(environment));
    const workloads = [];
    // Each measurement has its own process. With `--quick` the figures mean nothing, and each peer has one for all.
    const groups = options.quick ? [options.workloads] : options.workloads.map((workload) => [workload]);
    for (const group of groups) {
      console.log(`\nMeasuring ${group.map(({ name }) => name).join(', ')} …`);
      for (const [workload, rounds] of await measureRounds(group, peers, options, server.url)) {
        console.log(`\n${heading(workload, options)}\n${table(summarize(rounds))}`);
        const { name, title, unit } = workload;
        const amount = amountOf(workload, options);
        workloads.push({ name, title, amount, unit, rounds: Object.fromEntries(rounds) });
      }
    }
    if (options.json !== null)
      await writeFile(options.json, `${JSON.stringify({ environment, workloads }, null, 2)}\n`);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

function heading(workload: Workload, options: BenchOptions): string {
  const amount = counted(amountOf(workload, options), workload.unit);
  return `${workload.name}: ${workload.title} (${amount}, ${counted(roundsOf(workload, options), 'rounds')})`;
}

function counted(count: number, plural: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? plural.slice(0, -1) : plural}`;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await bench(options);
  else console.log(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
