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
import { linesOf, readJournals, RunJournal } from './run-journal.js';
import { NETWORK_DELAY_MS, type RunSettings } from './settings.js';

const START_WITHIN_MS = 60_000;

/** All that a run consists of: a Redis, the network to it, and the processes that use it. */
export class Stage {
  readonly incidents = new Incidents();
  workers: readonly WorkerSlot[] = [];
  producers: readonly ProducerSlot[] = [];

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

  /** Resolves when tasks begin to be added: once all processes are there, however busy the machine is. */
  async start(): Promise<void> {
    const { settings, folder, incidents } = this;
    this.workers = this.networks
      .slice(0, settings.workers)
      .map((network, index) => new WorkerSlot(index + 1, network, folder, settings, incidents));
    this.workers.forEach((worker) => worker.open());
    await this.areReady(/^worker-/, settings.workers);
    this.producers = this.networks
      .slice(settings.workers)
      .map(({ url }, share) => new ProducerSlot({ url, folder, settings, share }));
    await this.areReady(/^producer-/, settings.producers);
    const journal = new RunJournal(folder, 'stage');
    journal.write({ event: 'begin' });
    journal.close();
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

  private async areReady(label: RegExp, processes: number): Promise<void> {
    const areThere = (): boolean => linesOf(readJournals(this.folder, label), 'ready').length >= processes;
    await eventually(areThere, {
      timeoutMs: START_WITHIN_MS,
      everyMs: 50,
      what: `The start of ${processes} processes`,
    });
  }
}
