import {
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { TaskBroker } from '../broker/task-broker.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { type GuardedLog, guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { titleOf } from '../options/instance-name.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { PlainIntakes } from '../plain/plain-intakes.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { ScheduleDeclarer } from '../schedule/schedule-declarer.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { TaskStatusService } from '../status/task-status.service.js';
import { onFurtherSignal } from './further-signal.js';
import { RedisWatcher } from './redis-watcher.js';
import {
  instancesOf,
  refuseDuplicates,
  refuseSharedLists,
  refuseSharedWork,
  refuseStrays,
  TaskQueueInstance,
} from './task-queue-instance.js';

/** By now the application has called `enableShutdownHooks()`, if it ever will. */
const HOOKS_CHECK_MS = 5_000;

/**
 * When things start and stop. Handlers run once every provider is ready. At shutdown the worker drains first, while
 * handlers can still add tasks and use what the application gave them; then producers and connections close. The instances of an
 * application do each of these steps together.
 */
export class TaskQueueLifecycle
  extends TaskQueueInstance
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  private readonly logger: GuardedLog;
  private hooksCheck: NodeJS.Timeout | undefined;
  private entries: readonly TaskHandlerEntry[] | undefined;
  private draining: Promise<void> | undefined;

  constructor(
    readonly name: string,
    readonly settings: TaskQueueSettings,
    private readonly discovery: DiscoveryService,
    private readonly explorer: TaskHandlerExplorer,
    private readonly broker: TaskBroker,
    private readonly handlers: TaskHandlerRegistry,
    private readonly producer: TaskProducer,
    private readonly status: TaskStatusService,
    private readonly worker: TaskWorker,
    private readonly intakes: PlainIntakes,
    private readonly watcher: RedisWatcher,
    private readonly outages: OutageLog,
    private readonly declarer: ScheduleDeclarer,
    private readonly keeper: ScheduleKeeper,
    private readonly events: TaskEventSource,
  ) {
    super();
    this.logger = guardedLog(new Logger(titleOf('RedisTaskQueueModule', name)));
  }

  get queues(): readonly string[] {
    return this.worker.queues;
  }

  /**
   * Here and not in `onApplicationBootstrap`, where much of the application runs already: what fails here fails before
   * others have begun anything that somebody would have to end.
   */
  async onModuleInit(): Promise<void> {
    await this.orClose(async () => {
      refuseDuplicates(this.instances);
      refuseStrays(this.instances, this.explorer.instances());
      this.watcher.start();
      if (!this.settings.waitForRedis) await this.broker.describe();
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.orClose(async () => {
      // Before the first one starts, so that what is wrong with any of them stops all.
      for (const instance of this.instances) await instance.load();
      refuseSharedWork(this.instances);
      refuseSharedLists(this.instances);
      await this.start();
    });
  }

  /** One after the other each would go on claiming while those before it drain, and shutdown would take as long as all of them. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.drain()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async load(): Promise<void> {
    if (this.entries) return;
    const entries = this.handlers.load();
    await this.declarer.load();
    this.worker.checkConsume();
    this.intakes.load();
    this.entries = entries;
  }

  async drain(): Promise<void> {
    this.draining ??= this.stop();
    await this.draining;
  }

  async close(): Promise<void> {
    await this.producer.close();
    this.status.close();
    await this.broker.close();
    // What they had under way when the start failed has just been cut off.
    await this.stopSchedules();
    this.outages.close();
    this.events.complete();
  }

  private get instances(): TaskQueueInstance[] {
    return instancesOf(this.discovery);
  }

  private async start(): Promise<void> {
    await this.worker.start();
    const { queues } = this;
    this.keeper.start(() => this.declarer.start(queues));
    this.declarer.start(queues);
    for (const { name, queue, origin } of this.entries?.filter((entry) => queues.includes(entry.queue)) ?? []) {
      this.logger.log(`Task "${name}" on queue "${queue}" is handled by ${origin}`);
    }
    const isFirst = this.instances.find((instance) => instance.queues.length > 0) === this;
    if (isFirst) this.hooksCheck = setTimeout(() => this.warnWithoutHooks(), HOOKS_CHECK_MS).unref();
  }

  private async stop(): Promise<void> {
    clearTimeout(this.hooksCheck);
    const forget = onFurtherSignal(() => void this.worker.close());
    // Others make the ticks now. A call that is under way is cut off when the connections close, and nobody waits for it.
    void this.stopSchedules();
    // What comes in from now on is for others, too.
    await Promise.all([this.intakes.stop(), this.worker.close()]).finally(forget);
  }

  /** After a failed start NestJS runs no hook of shutdown, and an open connection would keep the process running. */
  private async orClose(step: () => unknown): Promise<void> {
    try {
      await step();
    } catch (error) {
      await Promise.all(this.instances.map((instance) => instance.drain()));
      await Promise.all(this.instances.map((instance) => instance.close()));
      throw error;
    }
  }

  private async stopSchedules(): Promise<void> {
    await Promise.all([this.declarer.stop(), this.keeper.stop()]);
  }

  private warnWithoutHooks(): void {
    if (process.listenerCount('SIGTERM') > 0) return;
    this.logger.warn(
      'Nothing listens to SIGTERM: call app.enableShutdownHooks(), or tasks that run when this process is stopped ' +
        'have to wait until its lease runs out',
    );
  }
}
