import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { MovableClock } from '../broker/memory/memory-clock.js';
import { partitionOf } from '../broker/partition.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { InvalidOptionsError } from '../errors/index.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { type Duration, parseDuration } from '../options/duration.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { TaskProducer } from '../producer/task-producer.service.js';
import { INSTANCE, settingsTokenOf } from '../module/instance-tokens.js';
import { getTaskProducerToken } from '../module/instance-services.js';
import { DEFAULT_INSTANCE } from '../options/instance-name.js';
import { ScheduleDeclarer } from '../schedule/schedule-declarer.js';
import { QueueSchedules } from '../schedule/queue-schedules.js';
import type { AddedTaskRecord } from './added-tasks.js';
import { runInline } from './inline-producer.js';
import { isInsideHandler } from './inside-handlers.js';
import type { RanTask } from './ran-task.js';
import type { StagedBroker } from './staged.broker.js';
import { TaskQueueTesterError } from './task-queue-tester.error.js';

/** Bounds one `drain`: a handler that adds itself again would never come to an end. */
const MAX_RUNS = 5_000;
/** A hundred years. */
const MAX_MS = 36_525 * 86_400_000;

/**
 * Runs the tasks of an application under test, when the test says. Until then nothing runs, and the clock, by which tasks are due, retried,
 * expire and are forgotten, stands still. Tasks run one after the other, through the same worker and the same enhancers as ever; a queue
 * with batch handlers hands out as many at once as a batch may have.
 *
 * @example
 * await producer.add('email.send', { to: 'ann@example.org' }, { delay: '1h' });
 * expect(await tester.drain()).toEqual([]);
 * expect(await tester.advance('1h')).toMatchObject([{ name: 'email.send', state: 'completed' }]);
 */
export class TaskQueueTester {
  private static readonly bySettings = new WeakMap<TaskQueueSettings, TaskQueueTester>();
  private readonly log = guardedLog(new Logger('TaskScheduler'));
  private last: Promise<unknown> = Promise.resolve();
  /** Of which queue a task ran last. */
  private latest = '';

  private constructor(
    private readonly broker: StagedBroker,
    private readonly settings: TaskQueueSettings,
    /** That of the instance: what it is made of may not be there yet. */
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * That of an application whose tasks are in memory.
   * @param app what `compile` or `createNestApplication` returned
   * @param instance the `name` of one of several instances of the module
   * @throws TaskQueueError `TESTER_MISUSED` for one that uses Redis
   */
  static of(app: Pick<ModuleRef, 'get'>, instance?: string): TaskQueueTester {
    const settings = app.get<TaskQueueSettings>(settingsTokenOf(instance ?? DEFAULT_INSTANCE), { strict: false });
    return this.ofSettings(settings);
  }

  /** @internal */
  static ofSettings(settings: TaskQueueSettings): TaskQueueTester {
    const tester = this.bySettings.get(settings);
    if (tester) return tester;
    throw new TaskQueueTesterError('This application uses Redis: see RedisTaskQueueTestingModule.replaceRedis');
  }

  /** @internal One for each instance: only one may run tasks. */
  static create(broker: StagedBroker, settings: TaskQueueSettings, moduleRef: ModuleRef): void {
    this.bySettings.set(settings, new TaskQueueTester(broker, settings, moduleRef));
  }

  /** What time it is for tasks. */
  get now(): Date {
    return new Date(this.clock.nowMs);
  }

  /**
   * Runs all that is due, and what that adds, until nothing is due any more. What waits for its time, or for another attempt, goes on waiting.
   * @returns what ran, in that order
   * @throws TaskQueueError `TESTER_MISUSED`: within a handler, before the application was initialised, and after 5,000 runs
   */
  async drain(): Promise<RanTask[]> {
    return this.alone(() => this.runDue());
  }

  /**
   * Runs what is due, then moves the clock on, and runs everything at the moment at which it becomes due: delayed tasks, retries, ticks of
   * schedules.
   * @param duration milliseconds or text such as `'1h'`
   * @returns what ran, in that order
   * @throws TaskQueueError `INVALID_OPTIONS`, and as `drain`
   */
  async advance(duration: Duration): Promise<RanTask[]> {
    const ms = parseDuration(duration);
    if (ms === null || ms > MAX_MS) {
      const allowed = "milliseconds or text such as '15m', up to 100 years";
      throw new InvalidOptionsError([{ option: 'duration', given: duration, allowed }]);
    }
    return this.alone(async () => {
      const until = this.clock.nowMs + ms;
      const ran = await this.runDue();
      for (let next = this.nextAt; next <= until; next = this.nextAt) {
        this.broker.moveTo(next);
        ran.push(...(await this.runDue()));
      }
      if (this.broker.moveTo(until)) ran.push(...(await this.runDue()));
      return ran;
    });
  }

  /**
   * Runs one task that is due: of a batch handler, a batch of one.
   * @returns what became of it, `null` if nothing is due
   * @throws TaskQueueError as `drain`
   */
  async runNext(): Promise<RanTask | null> {
    return this.alone(async () => {
      await this.makeTicks();
      return (await this.runOne(() => 1))[0] ?? null;
    });
  }

  /**
   * What was added since the start, or since `clear`, in that order: one record for each task, whatever has become of it.
   * @param name only tasks of this name
   */
  added(name?: string): AddedTaskRecord[] {
    return this.broker.added.of(name);
  }

  /** Forgets all tasks, their statuses, keys and group settings, and what was added. Schedules stay, and so does the time. */
  async clear(): Promise<void> {
    await this.alone(async () => this.broker.clear());
  }

  /** @internal From now on whatever is added runs at once. Before the application has started nothing can. */
  runInline(): void {
    const producer = this.moduleRef.get<TaskProducer>(getTaskProducerToken(this.moduleRef.get(INSTANCE)));
    runInline(producer, async () => (this.broker.isRunning ? this.drain() : undefined));
  }

  private get worker(): TaskWorker {
    return this.moduleRef.get(TaskWorker);
  }

  private get clock(): MovableClock {
    return this.broker.clock;
  }

  /** What the application has paused or stopped, or not started, runs nothing here either. */
  private get queues(): string[] {
    const { worker, broker } = this;
    const isRunning = (queue: string): boolean => worker.consumer(queue).state === 'running';
    return worker.queues.filter((queue) => isRunning(queue) && broker.isWorkedOn(partitionOf(queue)));
  }

  private get nextAt(): number {
    const declarer = this.moduleRef.get(ScheduleDeclarer);
    const times = this.queues.map((queue) => this.broker.nextAt(partitionOf(queue), declarer.offOn(queue)));
    return Math.min(...times);
  }

  private async runDue(): Promise<RanTask[]> {
    const all: RanTask[] = [];
    for (;;) {
      await this.makeTicks();
      const ran = await this.runOne((queue) => this.batchSizeOf(queue));
      if (ran.length === 0) return all;
      all.push(...ran);
      if (all.length > MAX_RUNS) {
        throw new TaskQueueTesterError(`${MAX_RUNS} tasks have run and there are more: does one of them add itself?`);
      }
    }
  }

  /** Each queue that has something to run gets its turn, so none has to wait for another one to be empty. */
  private async runOne(countOf: (queue: string) => number): Promise<RanTask[]> {
    for (const queue of this.inTurn()) {
      const ran = await this.broker.permit(partitionOf(queue), countOf(queue));
      // What a handler has added without waiting for that travels at the end of the turn.
      await turn();
      if (ran.length === 0) continue;
      this.latest = queue;
      return ran;
    }
    return [];
  }

  private inTurn(): string[] {
    const { queues } = this;
    const next = queues.indexOf(this.latest) + 1;
    return [...queues.slice(next), ...queues.slice(0, next)].filter((queue) => this.broker.hasWork(partitionOf(queue)));
  }

  private batchSizeOf(queue: string): number {
    return Math.max(
      1,
      ...[...this.moduleRef.get(TaskHandlerRegistry).of(queue).values()].map(({ batch }) => batch?.size ?? 1),
    );
  }

  /** As a worker makes them, at their time. */
  private async makeTicks(): Promise<void> {
    const [outages, declarer] = [this.moduleRef.get(OutageLog), this.moduleRef.get(ScheduleDeclarer)];
    for (const queue of this.queues) {
      const off = declarer.offOn(queue);
      if (!this.broker.hasTick(partitionOf(queue), off)) continue;
      const { maxLength } = this.settings.queue(queue);
      await new Promise<void>((asleep) => {
        const listener = { asleep, lost: () => undefined };
        new QueueSchedules(
          partitionOf(queue),
          maxLength,
          off,
          this.broker.schedules,
          outages,
          this.log,
          listener,
        ).look();
      });
    }
  }

  /** One after the other. */
  private async alone<T>(step: () => Promise<T>): Promise<T> {
    if (isInsideHandler()) throw new TaskQueueTesterError('A handler cannot wait for other tasks to run');
    const run = this.last.then(async () => {
      await this.untilStarted();
      return step();
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  /** What the application does without waiting for it, declaring schedules for instance, takes no more than that here. */
  private async untilStarted(): Promise<void> {
    await turn();
    if (this.broker.isRunning) return;
    throw new TaskQueueTesterError(
      'Nothing can run yet (any more): call `await app.init()` first, and `app.close()` last',
    );
  }
}
