import { setTimeout as delay } from 'node:timers/promises';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import type { Partition } from '../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../lib/broker/task-broker.js';
import { ManualWorker, newTask } from '../../support/manual-worker.js';

const PAUSE_MS = 5;

/** A worker that claims and a producer that adds, both all the time, so many tasks at once. */
export class Traffic {
  /** Ids of whatever was claimed since the beginning. */
  readonly claimed = new Set<string>();
  added = 0;
  private isOver = false;
  private running: Promise<unknown> | undefined;

  constructor(
    private readonly broker: TaskBroker,
    private readonly partition: Partition,
    private readonly batch = 10,
  ) {}

  start(): this {
    this.running = Promise.all([this.claim(), this.produce()]);
    return this;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async claim(): Promise<void> {
    const worker = await new ManualWorker(this.broker, this.partition, `traffic-${Date.now()}`).join();
    let outcomes: Outcome[] = [];
    while (!this.isOver || outcomes.length > 0) {
      const reply = await worker.exchange(this.isOver ? 0 : this.batch, outcomes);
      outcomes = (reply?.claimed ?? []).map((envelope) => {
        const { id } = decodeEnvelope(envelope);
        this.claimed.add(id);
        return { kind: 'completed', id, result: '1', ranMs: 1, ttlMs: 3_600_000 };
      });
      await delay(PAUSE_MS);
    }
  }

  private async produce(): Promise<void> {
    while (!this.isOver) {
      const ids = Array.from({ length: this.batch }, () => `new-${this.added++}`);
      await this.broker.enqueue(
        this.partition,
        ids.map((id) => newTask(id)),
      );
      await delay(PAUSE_MS);
    }
  }
}
