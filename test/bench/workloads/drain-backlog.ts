import type { Figures } from '../figures.js';
import { QUEUE } from '../task-data.js';
import type { Bench } from '../workload.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { fill } from './fill.js';
import { settled } from './settled.js';

interface DrainOptions {
  concurrency: number;
  /** Tasks before the clock starts; 0 if nothing is to be measured. */
  warmUp: number;
  /** Tasks that are left over. @default 0 */
  rest?: number;
}

/**
 * Fills the queue, then starts a worker and measures it, once it has warmed up, until Redis confirms that nothing is
 * waiting or active any more, or until no more than the rest can be left. The worker finds the whole backlog; its producer
 * is gone by then.
 */
export async function drainBacklog(bench: Bench, { concurrency, warmUp, rest = 0 }: DrainOptions): Promise<Figures> {
  const { peer, url, redis, amount } = bench;
  const wanted = warmUp + amount;
  const tasks = wanted + rest;
  const producer = await peer.produce(url);
  await fill(producer, 0, tasks);
  await producer.close();
  gc?.();

  const run = new DrainRun(redis, { warmUp, tasks, wanted });
  const { handle, fail: onError } = run;
  const worker = await peer.work(url, { queues: [QUEUE], concurrency, handle, onError });
  await run.wantedHandled;
  // Redis was not asked before the last handler has run: what is left then takes a few milliseconds.
  if (rest === 0) await settled(bench);
  const figures = await run.stop();

  await worker.close();
  checkCount('completed', await peer.completed(redis), peer.keepsNothing ? 0 : run.handled);
  checkCount('waiting', await peer.unsettled(redis), tasks - run.handled);
  return figures;
}
