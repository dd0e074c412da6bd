import type { Figures } from '../figures.js';
import { Meter } from '../meter.js';
import type { BenchProducer } from '../peer.js';
import type { Bench } from '../workload.js';
import { checkCount } from './check-count.js';

/** Measures how tasks are added. `add` adds tasks `from` to `to`, the latter excluded. */
export async function measureAdding(
  { peer, url, redis, tasks }: Bench,
  add: (producer: BenchProducer, from: number, to: number) => Promise<void>,
): Promise<Figures> {
  const producer = await peer.produce(url);
  const warmUp = Math.ceil(tasks / 10);
  await add(producer, 0, warmUp);
  gc?.();

  const meter = await Meter.start(redis);
  await add(producer, warmUp, warmUp + tasks);
  const figures = await meter.stop(tasks);

  await producer.close();
  checkCount('waiting', await peer.unsettled(redis), warmUp + tasks);
  return figures;
}
