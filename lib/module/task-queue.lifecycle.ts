import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { TaskBroker } from '../broker/task-broker.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { InvalidOptionsError } from '../errors/index.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { ScheduleDeclarer } from '../schedule/schedule-declarer.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { TaskStatusService } from '../status/task-status.service.js';
import { onFurtherSignal } from './further-signal.js';
import { RedisWatcher } from './redis-watcher.js';

/** By now the application has called `enableShutdownHooks()`, if it ever will. */
const HOOKS_CHECK_MS = 5_000;

/**
 * When things start and stop. Handlers run once every provider is ready. At shutdown the worker drains first, while
 * handlers can still add tasks and use what the application gave them; then producers and connections close.
 */
@Injectable()
export class TaskQueueLifecycle
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  private readonly logger = guardedLog(new Logger('RedisTaskQueueModule'));
  private hooksCheck: NodeJS.Timeout | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly broker: TaskBroker,
    private readonly handlers: TaskHandlerRegistry,
    private readonly producer: TaskProducer,
    private readonly status: TaskStatusService,
    private readonly worker: TaskWorker,
    private readonly settings: TaskQueueSettings,
    private readonly watcher: RedisWatcher,
    private readonly outages: OutageLog,
    private readonly declarer: ScheduleDeclarer,
    private readonly keeper: ScheduleKeeper,
    private readonly events: TaskEventSource,
  ) {}

  /**
   * Here and not in `onApplicationBootstrap`, where much of the application runs already: what fails here fails before
   * others have begun anything that somebody would have to end.
   */
  async onModuleInit(): Promise<void> {
    this.watcher.start();
    if (!this.settings.waitForRedis) await this.orClose(() => this.broker.describe());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.orClose(() => this.start());
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.hooksCheck);
    const forget = onFurtherSignal(() => void this.worker.stop());
    // Others make the ticks now. A call that is under way is cut off when the connections close, and nobody waits for it.
    void this.stopSchedules();
    await this.worker.stop().finally(forget);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private start(): void {
    this.refuseSecondInstance();
    const entries = this.handlers.load();
    this.declarer.load();
    this.worker.start();
    const { queues } = this.worker;
    this.keeper.start(() => this.declarer.start(queues));
    this.declarer.start(queues);
    for (const { name, queue, origin } of entries.filter((entry) => queues.includes(entry.queue))) {
      this.logger.log(`Task "${name}" on queue "${queue}" is handled by ${origin}`);
    }
    if (queues.length > 0) this.hooksCheck = setTimeout(() => this.warnWithoutHooks(), HOOKS_CHECK_MS).unref();
  }

  /** After a failed start NestJS runs no hook of shutdown, and an open connection would keep the process running. */
  private async orClose(step: () => unknown): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private async stopSchedules(): Promise<void> {
    await Promise.all([this.declarer.stop(), this.keeper.stop()]);
  }

  private async close(): Promise<void> {
    await this.producer.close();
    this.status.close();
    await this.broker.close();
    // What they had under way when the start failed has just been cut off.
    await this.stopSchedules();
    this.outages.close();
    this.events.complete();
  }

  /** Each instance would find all handlers, and run every one of them. */
  private refuseSecondInstance(): void {
    const instances = this.discovery.getProviders().filter(({ metatype }) => metatype === TaskQueueLifecycle);
    if (instances.length === 1) return;
    const allowed = 'one import in the root module: what it provides can be injected everywhere';
    throw new InvalidOptionsError([{ option: 'RedisTaskQueueModule', given: `${instances.length} imports`, allowed }]);
  }

  private warnWithoutHooks(): void {
    if (process.listenerCount('SIGTERM') > 0) return;
    this.logger.warn(
      'Nothing listens to SIGTERM: call app.enableShutdownHooks(), or tasks that run when this process is stopped ' +
        'have to wait until its lease runs out',
    );
  }
}
