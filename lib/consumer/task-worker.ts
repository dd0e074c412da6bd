import { setMaxListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { type LeaseKeeper, tickMs } from '../broker/lease-keeper.js';
import { type Partition, queueOf } from '../broker/partition.js';
import type { BeatReply, TaskBroker } from '../broker/task-broker.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { InvalidOptionsError } from '../errors/index.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { BellListener } from './bell-listener.js';
import { Consumer } from './consumer.js';
import { guardedLog } from './guarded-log.js';
import { LoopWatch } from './loop-watch.js';
import type { OutageLog } from './outage-log.js';
import { Quarantine } from './quarantine.js';

/** One running process with consumers: a loop per queue, one sleep for all of them, and a heart that beats. */
export class TaskWorker {
  private readonly logger = guardedLog(new Logger('TaskWorker'));
  private readonly loops = new Map<Consumer, Promise<void>>();
  private listener: BellListener | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private stopping: Promise<void> | undefined;
  private readonly hurry = new AbortController();
  private keeper: LeaseKeeper | undefined;
  private watch: LoopWatch | undefined;
  private quarantine: Quarantine | undefined;

  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
    private readonly outages: OutageLog,
    private readonly onBeat: (partition: Partition, reply: BeatReply) => void = () => undefined,
    private readonly events = new TaskEventSource(),
  ) {
    // One listener per queue, however many there are.
    setMaxListeners(0, this.hurry.signal);
  }

  /** The queues that this process works on: those it has handlers for, as far as `consume` allows. */
  get queues(): string[] {
    return this.handlers.queues.filter((queue) => this.settings.consumes(queue));
  }

  /** Of those of its queues whose loops run: for how long these have not turned, and how long that may be. */
  get silences(): Map<string, { ms: number; maxMs: number }> {
    const all = [...this.loops.keys()].map(({ partition, silence }) => [queueOf(partition), silence] as const);
    return new Map(all.flatMap(([queue, silence]) => (silence ? [[queue, silence]] : [])));
  }

  /**
   * Starts every loop and returns at once; whether Redis can be reached is the loops' concern.
   * @throws InvalidOptionsError if `consume` names a queue without a handler
   */
  start(): void {
    this.checkConsume();
    if (this.queues.length === 0 || this.loops.size > 0 || this.stopping) return;
    const workerId = ulid();
    const { leaseMs, maxBlockedMs } = this.settings;
    const log = this.logger;
    const keeper = maxBlockedMs > 0 ? this.broker.keepLeases({ leaseMs, maxBlockedMs, log }) : undefined;
    const running = (): string[] => consumers.flatMap((consumer) => consumer.running);
    const quarantine = new Quarantine(
      () => consumers.reduce((count, { runCount }) => count + runCount, 0),
      () => consumers.forEach((consumer) => consumer.look()),
    );
    const watch = new LoopWatch(tickMs(leaseMs), () => keeper?.tick(), running, log);
    for (const queue of this.queues) {
      const consumer = new Consumer(
        {
          queue,
          workerId,
          leaseMs,
          settings: this.settings.queue(queue),
          limits: this.settings.limits(queue, this.handlers.of(queue).values()),
          handlers: this.handlers.of(queue),
          settingsOf: ({ name, settings }, own) => this.settings.task(queue, name, settings, own),
          keeper,
          quarantine,
          onBeat: this.onBeat,
          onTurn: (turned) => this.listener?.notice(turned),
          onEnded: ({ mode, endedAt }) => {
            watch.ended(mode.handler.name, endedAt);
            quarantine.ended();
          },
          events: this.events,
        },
        this.broker,
        this.outages,
        this.logger,
      );
      this.loops.set(consumer, Promise.resolve());
    }
    const consumers = [...this.loops.keys()];
    this.listener = new BellListener(this.broker, consumers, this.outages);
    void this.listener.run();
    for (const consumer of consumers) this.loops.set(consumer, consumer.run());
    this.heartbeat = setInterval(() => consumers.forEach((consumer) => consumer.beatIfNeeded()), leaseMs / 3);
    this.keeper = keeper;
    this.watch = watch;
    this.quarantine = quarantine;
    watch.start();
  }

  /**
   * Drains and ends every loop, within the shutdown timeout and a little more. Called again meanwhile it waits no longer for
   * what runs, but aborts it at once.
   */
  async stop(): Promise<void> {
    if (this.stopping) this.hurry.abort();
    this.stopping ??= this.drain();
    await this.stopping;
  }

  private async drain(): Promise<void> {
    const { shutdownTimeoutMs, commandTimeoutMs } = this.settings;
    this.listener?.stop();
    const stopped = [...this.loops].map(([consumer, loop]) =>
      consumer.stop(loop, shutdownTimeoutMs, commandTimeoutMs, this.hurry.signal),
    );
    await Promise.all(stopped);
    clearInterval(this.heartbeat);
    this.watch?.stop();
    this.quarantine?.stop();
    await this.keeper?.close();
  }

  private checkConsume(): void {
    const { consume } = this.settings;
    if (typeof consume === 'boolean') return;
    const known = this.handlers.queues;
    const unknown = consume.filter((queue) => !known.includes(queue));
    if (unknown.length === 0) return;
    const allowed = `queues that this application has handlers for: ${known.join(', ') || 'there are none'}`;
    throw new InvalidOptionsError([{ option: 'consume', given: unknown, allowed }]);
  }
}
