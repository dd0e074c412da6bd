import { type LeaseKeeper, tickMs } from '../broker/lease-keeper.js';
import type { TaskBroker } from '../broker/task-broker.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { BellListener } from './bell-listener.js';
import type { Call } from './call.js';
import type { Consumer } from './consumer.js';
import type { GuardedLog } from './guarded-log.js';
import { LoopWatch } from './loop-watch.js';
import type { OutageLog } from './outage-log.js';
import { Quarantine } from './quarantine.js';
import type { RunTally } from './run-tally.js';
import { WorkerReporter } from './worker-reporter.js';

/** What the consumers of a process have in common: one sleep, one heart that beats, one quarantine. They may come and go meanwhile. */
export class SharedParts {
  readonly keeper: LeaseKeeper | undefined;
  readonly quarantine: Quarantine;
  private readonly reporter: WorkerReporter;
  private readonly listener: BellListener;
  private readonly watch: LoopWatch;
  private readonly heartbeat: NodeJS.Timeout;

  /** @param consumers those that there are at the moment */
  constructor(
    consumers: readonly Consumer[],
    broker: TaskBroker,
    { leaseMs, maxBlockedMs }: Pick<TaskQueueSettings, 'leaseMs' | 'maxBlockedMs'>,
    outages: OutageLog,
    log: GuardedLog,
    tallyOf: (consumer: Pick<Consumer, 'partition'>) => RunTally,
  ) {
    this.keeper = maxBlockedMs > 0 ? broker.keepLeases({ leaseMs, maxBlockedMs, log }) : undefined;
    this.quarantine = new Quarantine(
      () => consumers.reduce((count, { runCount }) => count + runCount, 0),
      () => consumers.forEach((consumer) => consumer.look()),
    );
    const running = (): string[] => consumers.flatMap((consumer) => consumer.running);
    this.watch = new LoopWatch(tickMs(leaseMs), () => this.keeper?.tick(), running, log);
    this.watch.start();
    this.heartbeat = setInterval(() => consumers.forEach((consumer) => consumer.beatIfNeeded()), leaseMs / 3);
    this.reporter = new WorkerReporter(broker.reports, tallyOf, log);
    this.listener = new BellListener(broker, consumers, outages);
    void this.listener.run();
  }

  /** A consumer may have begun to sleep, or to be busy. */
  turned(consumer: Consumer): void {
    this.listener.notice(consumer);
    this.reporter.notice(consumer);
  }

  /** A consumer has nothing more to do, and Redis is about to forget it. */
  async leaving(consumer: Consumer): Promise<void> {
    await this.reporter.leaving(consumer);
  }

  /** A consumer has ended, and is not among them any more. */
  left(): void {
    this.listener.left();
  }

  /** A handler has ended. */
  ended({ mode, endedAt }: Call): void {
    this.watch.ended(mode.handler.name, endedAt);
    this.quarantine.ended();
  }

  /** Listens to no bell any more. */
  stopListening(): void {
    this.listener.stop();
  }

  /** Once all consumers have ended. */
  async stop(): Promise<void> {
    clearInterval(this.heartbeat);
    this.watch.stop();
    this.reporter.stop();
    this.quarantine.stop();
    await this.keeper?.close();
  }
}
