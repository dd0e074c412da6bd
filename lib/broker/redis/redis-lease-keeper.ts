import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { RedisOptions } from 'ioredis';
import { type LeaseKeeper, type LeaseKeeperOptions, tickMs } from '../lease-keeper.js';
import type { Partition } from '../partition.js';
import type { RedisBrokerOptions } from './redis.broker.js';
import { plainOptions } from './redis-plain-options.js';

/** What the thread is started with. */
export interface LeaseThreadData {
  /** Shared memory: one number, which every sign of life of the main thread changes. */
  lifeSigns: Int32Array<SharedArrayBuffer>;
  redis: RedisOptions;
  prefix: string;
  commandTimeoutMs: number;
  leaseMs: number;
  maxBlockedMs: number;
  tickMs: number;
}

/** From the main thread to the other: whether a worker's lease is to be kept from now on. */
export interface LeaseThreadOrder {
  partition: Partition;
  worker: string;
  holds: boolean;
}

export type LeaseThreadNews = { isReady: true } | { failure: string };

/**
 * The main thread's side of a thread that keeps its leases while it is blocked. The thread has an event loop and a
 * connection of its own; the connection is open only while it is needed.
 */
export class RedisLeaseKeeper implements LeaseKeeper {
  private readonly lifeSigns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private thread: Worker | undefined;

  constructor(
    private readonly broker: RedisBrokerOptions,
    private readonly options: LeaseKeeperOptions,
  ) {
    try {
      this.thread = this.start();
    } catch (error) {
      this.sayWithout(error);
    }
  }

  hold(partition: Partition, worker: string): void {
    this.order({ partition, worker, holds: true });
  }

  release(partition: Partition, worker: string): void {
    this.order({ partition, worker, holds: false });
  }

  tick(): void {
    Atomics.add(this.lifeSigns, 0, 1);
  }

  async close(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    // Else a process with nothing else to do would end before it has seen the thread end.
    thread?.ref();
    await thread?.terminate();
  }

  private start(): Worker | undefined {
    const { leaseMs, maxBlockedMs, log } = this.options;
    const { redis, prefix, commandTimeoutMs } = this.broker;
    const data: LeaseThreadData = {
      lifeSigns: this.lifeSigns,
      redis: plainOptions(redis),
      prefix,
      commandTimeoutMs,
      leaseMs,
      maxBlockedMs,
      tickMs: tickMs(leaseMs),
    };
    const file = threadFile();
    if (!file) {
      log.debug(
        'Leases are not kept while the event loop is blocked: the file of the thread that does it is not there',
      );
      return undefined;
    }
    // What the application preloads (instrumentation, say) is not for this thread; a loader is, where it runs the sources.
    const bare = { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } };
    const options = file.pathname.endsWith('.js') ? bare : {};
    const thread = new Worker(file, { name: 'task-leases', workerData: data, ...options });
    thread.on('message', (news: LeaseThreadNews) => this.hear(news));
    thread.on('error', (error) => this.lose(thread, error));
    thread.on('exit', () => this.lose(thread, new Error('its thread ended')));
    thread.unref();
    return thread;
  }

  private order(order: LeaseThreadOrder): void {
    this.thread?.postMessage(order);
  }

  private hear(news: LeaseThreadNews): void {
    const { log, maxBlockedMs } = this.options;
    if ('isReady' in news) log.debug(`Leases are kept for up to ${maxBlockedMs} ms while the event loop is blocked`);
    else log.warn(`A lease could not be renewed while the event loop was blocked: ${news.failure}`);
  }

  /** Once, and not for a thread that `close` has ended. */
  private lose(thread: Worker, error: unknown): void {
    if (this.thread !== thread) return;
    this.thread = undefined;
    this.sayWithout(error);
  }

  private sayWithout(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.options.log.warn(`Leases are not kept while the event loop is blocked: ${reason}`);
  }
}

/**
 * Beside this file, under whatever name the module loader of this process gives it.
 * @returns `null` where there is no such file: the library was bundled, or is transformed by what a thread does not have
 */
function threadFile(): URL | null {
  if (typeof import.meta.resolve !== 'function') return null;
  const url = new URL(import.meta.resolve('./redis-lease-thread.js'));
  return url.protocol === 'file:' && existsSync(url) ? url : null;
}
