import { Redis } from 'ioredis';
import { RedisServer } from '../../../lib/testing/redis-server.js';
import { describeEnvironment, type Environment, showEnvironment } from '../environment.js';
import { Ledger } from './ledger.js';
import type { SoakOptions } from './options.js';
import { leftovers, settle } from './queues-state.js';
import { SAMPLE_HEADER, sampleLine } from './report.js';
import { type Sample, takeSamples } from './sample.js';
import { SoakProcess } from './soak-process.js';
import { connectionProblems, summarize, type Summary } from './summary.js';

/** All that is known of a run once it is over. */
export interface SoakReport {
  environment: Environment;
  added: number;
  done: number;
  cancels: { cancelled: number; notCancelled: number };
  samples: readonly Sample[];
  summary: Summary;
  /** Empty if all is well. */
  problems: readonly string[];
}

/** What start and end may take, beside the load. */
const SLACK_MS = 120_000;

/** One worker under steady load, from an empty Redis to one in which every task has ended. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  const ledger = new Ledger();
  const timeoutMs = options.minutes * 60_000 + SLACK_MS;
  try {
    const environment = await describeEnvironment(redis, new Map());
    console.log(`${showEnvironment(environment)}\n\n${SAMPLE_HEADER}`);
    const worker = await SoakProcess.start('worker', server.url, timeoutMs, ledger.note);
    const producer = await SoakProcess.start('producer', server.url, timeoutMs, ledger.note);
    const samples = await takeSamples(options, { worker, redis, ledger }, (sample) => console.log(sampleLine(sample)));

    const rowsOf = (await producer.stop()) as number[];
    const late = await settle(redis);
    await worker.stop();
    return {
      environment,
      added: rowsOf.reduce((sum, rows) => sum + rows, 0),
      done: ledger.done,
      cancels: ledger.calledOff,
      samples,
      summary: summarize(samples),
      problems: [
        ...late,
        ...ledger.problems(rowsOf),
        ...connectionProblems(samples),
        ...(await leftovers(redis, server.url)),
      ],
    };
  } finally {
    redis.disconnect();
    await server.stop();
  }
}
