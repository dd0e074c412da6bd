import { encodeEnvelope, type EnvelopeOptions } from '../../lib/broker/envelope.js';
import type { Outcome } from '../../lib/broker/exchange.js';
import { partitionOf } from '../../lib/broker/partition.js';
import type { GuardedLog } from '../../lib/consumer/guarded-log.js';
import { HeldTasks } from '../../lib/consumer/held-tasks.js';
import { Quarantine } from '../../lib/consumer/quarantine.js';
import { RedisClock } from '../../lib/consumer/redis-clock.js';
import type { RunEvents } from '../../lib/consumer/run-events.js';
import { RunFactory } from '../../lib/consumer/run-factory.js';
import { contextsOf } from '../../lib/handler/handler-context.js';
import type { TaskContext } from '../../lib/index.js';
import type { BatchSettings } from '../../lib/options/batch-options.js';
import type { QueueOptions } from '../../lib/options/index.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';
import { Latch } from './latch.js';

/** A handler that was called, and has not answered yet. */
export interface HandlerCall {
  name: string;
  ids: string[];
  contexts: readonly TaskContext[];
  answer: Latch<unknown>;
}

/** What Redis would say of a task that it hands out. */
export interface DeskTask {
  id: string;
  name: string;
  lost?: number;
  options?: EnvelopeOptions;
}

/** The tasks that a worker holds, without Redis: the test plays both the queue and the handlers. */
export class Desk {
  readonly held: HeldTasks;
  /** In the order in which they were called. */
  readonly calls: HandlerCall[] = [];
  readonly clock = new RedisClock();
  mayStart = true;

  /** @param handlers by name: in batches of how many, or one task at a time */
  constructor(handlers: Record<string, BatchSettings | undefined>, queue: QueueOptions = {}, events?: RunEvents) {
    const settings = new TaskQueueSettings({ queues: { q: queue } }, {});
    const partition = partitionOf('q');
    const ignore = (): void => undefined;
    const logger: GuardedLog = { debug: ignore, log: ignore, warn: ignore, error: ignore };
    const entries = Object.entries(handlers).map(([name, batch]) => ({
      name,
      queue: 'q',
      origin: 'test',
      settings: {},
      batch,
      invoke: (_data: unknown, context: TaskContext | readonly TaskContext[]): unknown => {
        const contexts = contextsOf(context);
        const answer = new Latch<unknown>();
        this.calls.push({ name, ids: contexts.map(({ id }) => id.slice(2)), contexts, answer });
        return answer.opened.then((value) => (value instanceof Throw ? Promise.reject(value.error) : value));
      },
    }));
    this.held = new HeldTasks({
      partition,
      runs: new RunFactory({
        partition,
        handlers: new Map(entries.map((entry) => [entry.name, entry])),
        settingsOf: ({ name }, own) => settings.task('q', name, undefined, own),
        maxLost: 2,
        logger,
      }),
      settings: settings.queue('q'),
      clock: this.clock,
      logger,
      onChange: () => undefined,
      mayStart: () => this.mayStart,
      quarantine: new Quarantine(
        () => this.held.takenSlots,
        () => undefined,
      ),
      events,
    });
  }

  /** Redis hands out these tasks. Whatever has found its slot begins. */
  claim(tasks: readonly DeskTask[], { isLast = true } = {}): void {
    this.held.accept(tasks.map(envelopeOf), { areMarked: false, isLast });
    this.held.startWaiting();
  }

  /** Redis is told of all that there is to tell. @returns what that was */
  settle(): Outcome[] {
    const outcomes = this.held.outcomes.take(1_000_000);
    this.held.settled(outcomes, { refused: [], cancelled: [], malformed: [] });
    this.held.startWaiting();
    return outcomes;
  }

  /** The ids of each call so far. */
  get batches(): string[][] {
    return this.calls.map(({ ids }) => ids);
  }
}

/** What a handler answers with that is to throw. */
export class Throw {
  constructor(readonly error: unknown) {}
}

export function envelopeOf({ id, name, lost, options }: DeskTask): string {
  const text = encodeEnvelope(id, name, JSON.stringify(id), options);
  return lost === undefined ? text : text.replace('"attempt":0', `"attempt":${lost},"lost":${lost}`);
}
