import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '../../../lib/testing/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { eventually } from '../../support/eventually.js';
import { Incidents } from './incidents.js';
import { ProducerSlot } from './processes/producer-slot.js';
import { WorkerSlot } from './processes/worker-slot.js';
import { linesOf, readJournals } from './run-journal.js';
import { addingMs, NETWORK_DELAY_MS, type RunSettings } from './settings.js';

/** What a producer needs until it can add. */
const START_MS = 2_500;
const WORKERS_WITHIN_MS = 60_000;

/** All that a run consists of: a Redis, the network to it, and the processes that use it. */
export class Stage {
  readonly incidents = new Incidents();
  workers: readonly WorkerSlot[] = [];
  producers: readonly ProducerSlot[] = [];
  /** When the first tasks are added, by `Date.now()`. */
  addFrom = 0;

  private constructor(
    readonly settings: RunSettings,
    readonly server: RedisServer,
    /** One per process: each can be cut off alone. */
    readonly networks: readonly TcpProxy[],
    /** Looks at Redis from outside, by a way that no fault disturbs but those of Redis itself. */
    readonly redis: Redis,
    /** Of journals and logs. */
    readonly folder: string,
  ) {}

  static async open(settings: RunSettings): Promise<Stage> {
    const server = await RedisServer.start({ aof: true });
    const count = settings.workers + settings.producers;
    const networks = await Promise.all(Array.from({ length: count }, () => TcpProxy.start(server.port)));
    for (const network of networks) network.delayMs = NETWORK_DELAY_MS;
    const redis = new Redis(server.url, {
      connectionName: 'observer',
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    redis.on('error', () => undefined); // Redis may well be down: then commands wait for it
    const folder = await mkdtemp(join(tmpdir(), `chaos-seed-${settings.seed}-`));
    return new Stage(settings, server, networks, redis, folder);
  }

  /** Producers come when all workers are there, however busy the machine is: what they add is to be run meanwhile. */
  async start(): Promise<void> {
    const { settings, folder, incidents } = this;
    this.workers = this.networks
      .slice(0, settings.workers)
      .map((network, index) => new WorkerSlot(index + 1, network, folder, settings, incidents));
    this.workers.forEach((worker) => worker.open());
    const areReady = (): boolean => linesOf(readJournals(folder, /^worker-/), 'ready').length >= settings.workers;
    await eventually(areReady, { timeoutMs: WORKERS_WITHIN_MS, everyMs: 100, what: 'The start of the workers' });
    const addFrom = Date.now() + START_MS;
    const addUntil = addFrom + addingMs(settings);
    this.addFrom = addFrom;
    this.producers = this.networks
      .slice(settings.workers)
      .map(({ url }, share) => new ProducerSlot({ url, folder, settings, share, addFrom, addUntil }));
  }

  /** Everything is as it should be again. */
  async calm(): Promise<void> {
    for (const network of this.networks) {
      network.speak();
      network.delayMs = NETWORK_DELAY_MS;
    }
    if (this.server.pid === null) await this.server.restart();
  }

  /** Ends all that was started. The folder stays where somebody will want to read it. */
  async close({ keepFolder }: { keepFolder: boolean }): Promise<void> {
    await Promise.all([...this.workers, ...this.producers].map((slot) => slot.close()));
    await Promise.all(this.networks.map((network) => network.close()));
    this.redis.disconnect();
    await this.server.stop();
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true });
  }
}
