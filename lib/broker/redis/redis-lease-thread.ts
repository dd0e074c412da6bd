/**
 * What the thread of `RedisLeaseKeeper` runs. Until the main thread is blocked it looks at a number now and then and
 * does nothing else: what speaks to Redis is loaded when it is needed (it takes 16 MiB), and the connection is closed
 * afterwards.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { MainThreadWatch } from './main-thread-watch.js';
import type { LeaseThreadData, LeaseThreadNews, LeaseThreadOrder } from './redis-lease-keeper.js';
import type { RedisBroker } from './redis.broker.js';

/** On a busy machine loading takes some hundred milliseconds: with a shorter lease there is no time for it later. */
const LOAD_LATER_MS = 3_000;

const { lifeSigns, redis, prefix, commandTimeoutMs, leaseMs, maxBlockedMs, tickMs } = workerData as LeaseThreadData;

/** The partition that each worker id is held in, by both. */
const held = new Map<string, LeaseThreadOrder>();
const watch = new MainThreadWatch(leaseMs, maxBlockedMs, Atomics.load(lifeSigns, 0), performance.now());
let broker: RedisBroker | undefined;
let isRenewing = false;
let renewedAt = -Infinity;
let isTroubled = false;

parentPort?.on('message', (order: LeaseThreadOrder) => {
  const key = `${order.partition} ${order.worker}`;
  if (order.holds) held.set(key, order);
  else held.delete(key);
});

setInterval(() => {
  if (!mustRenew()) {
    void broker?.close();
    broker = undefined;
    renewedAt = -Infinity;
    isTroubled = false;
  } else if (!isRenewing && performance.now() - renewedAt >= leaseMs / 3) {
    void renew();
  }
}, tickMs);

if (leaseMs < LOAD_LATER_MS) await load();
tell({ isReady: true });

function mustRenew(): boolean {
  return held.size > 0 && watch.mustRenew(Atomics.load(lifeSigns, 0), performance.now());
}

async function renew(): Promise<void> {
  isRenewing = true;
  const begunAt = performance.now();
  try {
    broker ??= await connect();
    const current = broker;
    await Promise.all(
      [...held].map(async ([key, { partition, worker }]) => {
        // Declared dead: nothing can be done for it any more.
        if (!(await current.beat(partition, worker, leaseMs))) held.delete(key);
      }),
    );
    renewedAt = begunAt;
  } catch (error) {
    // Tried again at the next look. Nothing is wrong where the connection was closed because the main thread is back.
    if (mustRenew() && !isTroubled) tell({ failure: error instanceof Error ? error.message : String(error) });
    isTroubled = true;
  } finally {
    isRenewing = false;
  }
}

async function load(): Promise<typeof RedisBroker> {
  return (await import('./redis.broker.js')).RedisBroker;
}

async function connect(): Promise<RedisBroker> {
  const Broker = await load();
  return new Broker({
    redis,
    prefix,
    commandTimeoutMs: Math.min(commandTimeoutMs, leaseMs / 3),
    connection: 'leases',
  });
}

function tell(news: LeaseThreadNews): void {
  parentPort?.postMessage(news);
}
