import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../figures.js';
import type { Bench } from '../workload.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { fill } from './fill.js';

const LOOK_AGAIN_MS = 1;

/**
 * Fills the queue, then starts a worker and measures it, once it has warmed up, until Redis confirms that nothing is
 * waiting or active any more. The worker finds the whole backlog; its producer is gone by then.
 */
export async function drainBacklog(bench: Bench, options: { warmUp: number; concurrency: number }): Promise<Figures> {
  const { peer, url, redis } = bench;
  const tasks = options.warmUp + bench.tasks;
  const producer = await peer.produce(url);
  await fill(producer, 0, tasks);
  await producer.close();
  gc?.();

  const run = new DrainRun(redis, { warmUp: options.warmUp, tasks });
  const { concurrency } = options;
  const { handle, fail: onError } = run;
  const worker = await peer.work(url, { concurrency, handle, onError });
  // Redis is not asked before the last handler has run: what is left then takes a few milliseconds.
  await run.allHandled;
  do await delay(LOOK_AGAIN_MS);
  while ((await peer.unsettled(redis)) > 0);
  const figures = await run.stop();

  await worker.close();
  checkCount('completed', await peer.completed(redis), tasks);
  return figures;
}
