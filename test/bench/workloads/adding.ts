import type { Figures } from '../figures.js';
import { Meter } from '../meter.js';
import type { BenchProducer } from '../peer.js';
import type { Bench } from '../workload.js';
import { checkCount } from './check-count.js';

/**
 * Measures how tasks are added, after a tenth of them to warm up. `add` adds tasks `from` to `to`, the latter excluded.
 *
 * @param waiting how many tasks are there already, numbered from 0
 */
export async function measureAdding(
  { peer, url, redis, amount }: Bench,
  add: (producer: BenchProducer, from: number, to: number) => Promise<void>,
  waiting = 0,
): Promise<Figures> {
  const producer = await peer.produce(url);
  const first = waiting + Math.ceil(amount / 10);
  await add(producer, waiting, first);
  gc?.();

  const meter = await Meter.start(redis);
  await add(producer, first, first + amount);
  const figures = await meter.stop(amount);

  await producer.close();
  checkCount('waiting', await peer.unsettled(redis), first + amount);
  return figures;
}
