import { AsyncResource } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { ulid } from 'ulid';
import { type Partition, queueOf } from '../broker/partition.js';
import type { BeatReply, TaskBroker } from '../broker/task-broker.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { InvalidOptionsError } from '../errors/index.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { Consumer } from './consumer.js';
import { ConsumerSwitch } from './consumer-switch.js';
import { guardedLog } from './guarded-log.js';
import type { OutageLog } from './outage-log.js';
import { RunTally } from './run-tally.js';
import { SharedParts } from './shared-parts.js';

/** Who wants to know what a worker has to do with its queues. */
export interface WorkerListener {
  /** It begins to work on that queue. */
  begun(partition: Partition): void;
  /** Redis has answered a beat. */
  beaten(partition: Partition, reply: BeatReply): void;
  /** It does not work on that queue any more. What is awaited here belongs to its end. */
  left(partition: Partition): Promise<void>;
}

const NOBODY: WorkerListener = {
  begun: () => undefined,
  beaten: () => undefined,
  left: async () => undefined,
};

/** One running process with consumers: a loop per queue, one sleep for all of them, and a heart that beats. */
export class TaskWorker {
  private readonly switches = new Map<string, ConsumerSwitch>();
  /** What this process has done so far, by queue. */
  readonly tallies = new Map<string, RunTally>();
  /** From their start until they have ended. */
  private readonly consumers: Consumer[] = [];
  private shared: SharedParts | undefined;
  private closing: Promise<void> | undefined;
  private readonly hurry = new AbortController();
  private readonly outside = new AsyncResource('TaskWorker');

  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
    private readonly outages: OutageLog,
    private readonly listener: WorkerListener = NOBODY,
    private readonly events = new TaskEventSource(),
    private readonly logger = guardedLog(new Logger('TaskWorker')),
    private readonly telemetry?: Telemetry,
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
    const all = this.consumers.map(({ partition, silence }) => [queueOf(partition), silence] as const);
    return new Map(all.flatMap(([queue, silence]) => (silence ? [[queue, silence]] : [])));
  }

  /** Whether it shuts down, or has: then nothing is started any more. */
  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  /** That of one of `queues`. */
  consumer(queue: string): ConsumerSwitch {
    let found = this.switches.get(queue);
    if (!found) {
      const { concurrency } = this.settings.queue(queue);
      found = new ConsumerSwitch(
        {
          begin: (workerId, concurrency) => this.begin(queue, workerId, concurrency),
          end: (consumer, loop) => this.end(consumer, loop),
        },
        concurrency,
      );
      this.switches.set(queue, found);
    }
    return found;
  }

  /** Starts the loops of all queues that are to start with the application; whether Redis can be reached is the loops' concern. */
  async start(): Promise<void> {
    await this.startConsumers(this.queues.filter((queue) => this.settings.queue(queue).autoStart));
  }

  /** Does nothing where they run already, or once this worker is closed. */
  async startConsumers(queues: readonly string[]): Promise<void> {
    if (this.isClosed) return;
    const workerId = ulid();
    // Whoever asks for it may do so in the midst of a request: its AsyncLocalStorage is not that of tasks.
    await this.outside.runInAsyncScope(async () =>
      Promise.all(queues.map((queue) => this.consumer(queue).start(workerId))),
    );
  }

  async stopConsumers(queues: Iterable<string>): Promise<void> {
    await Promise.all(Array.from(queues, (queue) => this.consumer(queue).stop()));
  }

  /**
   * Drains and ends every loop for good, within the shutdown timeout and a little more. Called again meanwhile it waits no longer
   * for what runs, but aborts it at once.
   */
  async close(): Promise<void> {
    if (this.isClosed) this.hurry.abort();
    this.closing ??= this.drain();
    await this.closing;
  }

  private async drain(): Promise<void> {
    this.shared?.stopListening();
    await this.stopConsumers(this.switches.keys());
    await this.shared?.stop();
  }

  private begin(queue: string, workerId: string, concurrency: number): Consumer {
    const { broker, settings, outages, listener, events, logger, telemetry } = this;
    const shared = (this.shared ??= new SharedParts(
      this.consumers,
      broker,
      settings,
      outages,
      logger,
      ({ partition }) => this.tally(queueOf(partition)),
    ));
    const handlers = this.handlers.of(queue);
    const consumer = new Consumer(
      {
        queue,
        workerId,
        leaseMs: settings.leaseMs,
        settings: { ...settings.queue(queue), concurrency },
        limits: settings.limits(queue, handlers.values()),
        handlers,
        settingsOf: (handler, own) => settings.task(queue, handler.name, handler.settings, own),
        keeper: shared.keeper,
        quarantine: shared.quarantine,
        onBeat: (partition, reply) => listener.beaten(partition, reply),
        onTurn: (turned) => shared.turned(turned),
        onEnded: (call) => shared.ended(call),
        onLeaving: async (leaving) => shared.leaving(leaving),
        events,
        tally: this.tally(queue),
        telemetry,
      },
      broker,
      outages,
      logger,
    );
    this.consumers.push(consumer);
    listener.begun(consumer.partition);
    return consumer;
  }

  private tally(queue: string): RunTally {
    let tally = this.tallies.get(queue);
    if (!tally) this.tallies.set(queue, (tally = new RunTally()));
    return tally;
  }

  private async end(consumer: Consumer, loop: Promise<void>): Promise<void> {
    const { shutdownTimeoutMs, commandTimeoutMs } = this.settings;
    await consumer.stop(loop, shutdownTimeoutMs, commandTimeoutMs, this.hurry.signal);
    this.consumers.splice(this.consumers.indexOf(consumer), 1);
    this.shared?.left();
    await this.listener.left(consumer.partition);
  }

  /** @throws InvalidOptionsError if `consume` names a queue without a handler */
  checkConsume(): void {
    const { consume } = this.settings;
    if (typeof consume === 'boolean') return;
    const known = this.handlers.queues;
    const unknown = consume.filter((queue) => !known.includes(queue));
    if (unknown.length === 0) return;
    const allowed = `queues that this application has handlers for: ${known.join(', ') || 'there are none'}`;
    throw new InvalidOptionsError([{ option: 'consume', given: unknown, allowed }]);
  }
}
