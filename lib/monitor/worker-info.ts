import type { ListedWorker } from '../broker/report-store.js';
import type { BusyTask, WorkerFacts } from '../consumer/worker-facts.js';

/** A worker that lives, as it told last: while it has something to do every 10 s, else every 5 minutes. */
export interface WorkerInfo {
  id: string;
  host: string;
  pid: number;
  /** Of this library. */
  version: string;
  /** Those that it works on, of the ones that were asked for. */
  queues: string[];
  /** How many tasks it runs at once, by queue. */
  concurrency: Record<string, number>;
  /** What it runs, of each queue the 20 that have been running longest. */
  busy: BusyTask[];
  /** How many tasks it runs. */
  busyCount: number;
  /** When Redis heard of it last, by Redis's clock, as its lease tells. */
  lastBeat: Date;
  /** For how much longer than it should its event loop took to come to a timer, in ms, in the 10 s before it told. */
  eventLoopDelayMs: { p99: number; max: number };
  /** In bytes. */
  memory: { rss: number; heapUsed: number };
}

/** One for each worker, by id: of those that have told of themselves. @param listed by queue */
export function workerInfos(listed: ReadonlyMap<string, readonly ListedWorker[]>): WorkerInfo[] {
  const infos = new Map<string, WorkerInfo>();
  for (const [queue, workers] of listed) {
    for (const worker of workers) {
      const facts = factsOf(worker);
      if (facts) infos.set(worker.worker, merged(infos.get(worker.worker), worker, queue, facts));
    }
  }
  return [...infos.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
}

function merged(known: WorkerInfo | undefined, listed: ListedWorker, queue: string, facts: WorkerFacts): WorkerInfo {
  const { host, pid, version, eventLoopDelayMs, memory, concurrency, busy, busyCount } = facts;
  const since = lastBeatOf(listed, facts);
  return {
    id: listed.worker,
    host,
    pid,
    version,
    queues: [...(known?.queues ?? []), queue],
    concurrency: { ...known?.concurrency, [queue]: concurrency },
    busy: [...(known?.busy ?? []), ...busy],
    busyCount: (known?.busyCount ?? 0) + busyCount,
    lastBeat: known && known.lastBeat > since ? known.lastBeat : since,
    eventLoopDelayMs,
    memory,
  };
}

function factsOf({ facts }: ListedWorker): WorkerFacts | null {
  if (facts === null) return null;
  return JSON.parse(facts, (key, value: unknown) => (key === 'since' ? new Date(String(value)) : value)) as WorkerFacts;
}

/** A lease that is longer than those of others is that of a worker that rests. */
function lastBeatOf({ leaseExpiresAt, now }: ListedWorker, { leaseMs, restMs }: WorkerFacts): Date {
  const beat = leaseExpiresAt - leaseMs;
  return new Date(beat <= now ? beat : leaseExpiresAt - restMs);
}
