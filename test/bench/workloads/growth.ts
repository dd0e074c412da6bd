import { taskData } from '../task-data.js';
import type { Bench, Workload } from '../workload.js';
import { addConcurrently } from './add-in-flight.js';
import { measureAdding } from './adding.js';
import { drainBacklog } from './drain-backlog.js';
import { fill } from './fill.js';
import { addsAndWaits } from './suits.js';

const AMOUNT = 10_000;
const CONCURRENCY = 100;
const FIRST_SCHEDULED = 1_000_000;
const LATER_MS = 3_600_000;

/** What stands in the queue beside the tasks that are measured. */
export interface Crowd {
  name: string;
  kind: 'waiting' | 'scheduled';
  /** How many times as many as there are measured. */
  times: number;
  /** Those for which it takes neither too long nor too much memory. */
  peers: readonly string[];
}

/** How fast tasks are added to a queue in which many others stand. */
export function addBeside(crowd: Crowd): Workload {
  return {
    ...beside(crowd),
    name: `add-at-${crowd.name}`,
    title: `Add with ${CONCURRENCY} in flight where ${size(crowd)} tasks are ${crowd.kind}`,
    async run(bench) {
      const waiting = crowd.kind === 'waiting' ? crowd.times * bench.amount : 0;
      if (crowd.kind === 'waiting') await wait(bench, waiting);
      else await layAside(bench, crowd.times);
      return measureAdding(bench, (producer, from, to) => addConcurrently(producer, CONCURRENCY, from, to), waiting);
    },
  };
}

/** How fast the first tasks of a queue are worked off in which many others stand, before and after. */
export function drainBeside(crowd: Crowd): Workload {
  return {
    ...beside(crowd),
    name: `drain-at-${crowd.name}`,
    title: `Drain, concurrency ${CONCURRENCY}, where ${size(crowd)} other tasks are ${crowd.kind}`,
    async run(bench) {
      const rest = crowd.kind === 'waiting' ? crowd.times * bench.amount : 0;
      if (crowd.kind === 'scheduled') await layAside(bench, crowd.times);
      return drainBacklog(bench, { concurrency: CONCURRENCY, warmUp: Math.ceil(bench.amount / 10), rest });
    },
  };
}

function beside({ kind, peers }: Crowd): Pick<Workload, 'amount' | 'quickAmount' | 'unit' | 'peers' | 'suits'> {
  return {
    amount: AMOUNT,
    quickAmount: 200,
    unit: 'tasks',
    peers,
    suits: (peer) => (kind === 'waiting' ? addsAndWaits(peer) : peer.schedule !== undefined),
  };
}

function size({ times }: Crowd): string {
  return (times * AMOUNT).toLocaleString('en');
}

async function wait({ peer, url }: Bench, tasks: number): Promise<void> {
  const producer = await peer.produce(url);
  await fill(producer, 0, tasks);
  await producer.close();
}

/** Adds tasks that are due long after the measurement. */
async function layAside({ peer, url, amount }: Bench, times: number): Promise<void> {
  const dueAt = Date.now() + LATER_MS;
  const tasks = Array.from({ length: times * amount }, (_, n) => ({ data: taskData(FIRST_SCHEDULED + n), dueAt }));
  await peer.schedule?.(url, tasks);
}
