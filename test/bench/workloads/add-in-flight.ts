import { taskData } from '../task-data.js';
import type { BenchProducer } from '../peer.js';
import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';
import { addsAndWaits } from './suits.js';

/** Many requests at once, each of which adds a task. */
export function addInFlight(inFlight: number): Workload {
  return {
    name: `add-in-flight-${inFlight}`,
    title: `Add with ${inFlight.toLocaleString('en')} in flight`,
    amount: 50_000,
    quickAmount: 500,
    unit: 'tasks',
    suits: addsAndWaits,
    run: (bench) => measureAdding(bench, (producer, from, to) => addConcurrently(producer, inFlight, from, to)),
  };
}

/** Adds tasks `from` to `to`, the latter excluded, by so many loops that await each of their own. */
export async function addConcurrently(
  producer: BenchProducer,
  inFlight: number,
  from: number,
  to: number,
): Promise<void> {
  let next = from;
  const addOneByOne = async (): Promise<void> => {
    while (next < to) await producer.add(taskData(next++));
  };
  await Promise.all(Array.from({ length: inFlight }, addOneByOne));
}
