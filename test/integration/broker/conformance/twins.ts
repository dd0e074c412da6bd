import { deepStrictEqual } from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import type { ExchangeReply, Outcome } from '../../../../lib/broker/exchange.js';
import type { MovableClock } from '../../../../lib/broker/memory/memory-clock.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { NewTask, TaskBroker } from '../../../../lib/broker/task-broker.js';
import { ManualWorker, newTask, RETENTION } from '../../../support/broker-fixture.js';

const q = partitionOf('q');
export const MAX_LOST = 2;
const STATES = ['scheduled', 'waiting', 'active', 'retrying', 'completed', 'failed', 'cancelled'] as const;

/** Two brokers to which the same is done, and who must answer the same. */
export class Twins {
  private readonly workers: [ManualWorker, ManualWorker][] = [];
  /** Of all tasks so far. */
  readonly ids: string[] = [];
  private count = 0;

  constructor(
    private readonly pair: readonly [TaskBroker, TaskBroker],
    /** That of the second one, on whose clock time passes as it does on the other's. */
    private readonly clock: MovableClock,
  ) {}

  nextId(): string {
    return `01J${String(this.count++).padStart(23, '0')}`;
  }

  newTask(id: string, more: Partial<NewTask>): NewTask {
    if (!this.ids.includes(id)) this.ids.push(id);
    return { ...newTask(id, { ...more, data: `"${this.count++}"` }), ...more };
  }

  pick(choice: number): string {
    return this.ids[choice % Math.max(1, this.ids.length)] ?? 'nobody';
  }

  /** Does it to both. @param view what must be the same of the answers */
  async both<T>(
    call: (broker: TaskBroker) => Promise<T>,
    view: (answer: T) => unknown = (answer) => answer,
  ): Promise<T> {
    const [one, other] = this.pair;
    const [first, second] = [await call(one), await call(other)];
    deepStrictEqual(view(second), view(first));
    this.clock.moveTo(this.clock.nowMs + 3);
    await delay(2);
    return first;
  }

  async exchange(place: number, want: number, plan: readonly OutcomePlan[], marks: boolean): Promise<void> {
    const workers = await this.workersAt(place);
    const held = (await this.pair[0].held(q, workers[0].id)).sort();
    const outcomes = plan.flatMap(({ choice, make }) => {
      const [id] = held.splice(choice % Math.max(1, held.length), 1);
      return id === undefined ? [] : [make(id)];
    });
    let at = 0;
    await this.both(async () => workers[at++ % 2]!.exchange(want, outcomes, { marks, maxLost: MAX_LOST }), replyView);
  }

  async die(place: number): Promise<void> {
    const { id } = (await this.workersAt(place))[0];
    this.workers.splice(place, 1);
    await this.both(async (broker) => broker.leave(q, id));
    await this.both(
      async (broker) => broker.recover(q, MAX_LOST, RETENTION),
      (recovery) => recovery && { ...recovery, returned: recovery.returned.toSorted() },
    );
  }

  /** All that a caller can see. */
  async compare(): Promise<void> {
    await this.both(
      async (broker) => broker.statuses(q, this.ids),
      (records) =>
        records.map((record) => {
          if (!record) return null;
          const { created, started, finished, due, ...rest } = record;
          return { ...rest, times: [created, started, finished, due].map((time) => time !== null) };
        }),
    );
    for (const state of STATES) {
      await this.both(
        async (broker) => {
          const tasks = [];
          for await (const { task } of broker.listing.walk({ partition: q, state, position: null, count: 10 })) {
            if (task) tasks.push({ id: task.id, data: task.data, worker: task.worker, attempt: task.record.attempt });
          }
          return tasks;
        },
        (tasks) => tasks.toSorted((a, b) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1)),
      );
    }
    await this.both(
      async (broker) => Promise.all(this.ids.map(async (id) => broker.listing.find(q, id, true))),
      (found) => found.map((task) => task && [task.id, task.record.state, task.data, task.worker]),
    );
    await this.both(
      async (broker) => broker.steering.deadLetters(q, null, 100),
      (letters) => letters.map(({ diedAt: _, bytes: __, ...letter }) => letter).sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  }

  private async workersAt(place: number): Promise<[ManualWorker, ManualWorker]> {
    const known = this.workers[place];
    if (known) return known;
    const id = `w${this.count++}`;
    const [one, other] = this.pair;
    const started: [ManualWorker, ManualWorker] = [new ManualWorker(one, q, id), new ManualWorker(other, q, id)];
    for (const worker of started) await worker.join();
    this.workers[place] = started;
    return started;
  }
}

export interface OutcomePlan {
  choice: number;
  make: (id: string) => Outcome;
}

function replyView(reply: ExchangeReply | null): unknown {
  if (!reply) return null;
  const { refused, expired, rests, holdsUnknown } = reply;
  const claimed = reply.claimed.map(decodeEnvelope).map(({ first, options, ...task }) => {
    return { ...task, isRetry: first !== undefined, expires: options?.expiresAt !== undefined };
  });
  return { claimed, refused, expired, rests, holdsUnknown };
}
