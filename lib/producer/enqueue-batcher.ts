import type { Partition } from '../broker/partition.js';
import type { Enqueued, EnqueueOptions, NewTask, TaskBroker } from '../broker/task-broker.js';
import { ProducerOverloadedError } from '../errors/index.js';

interface PendingAdd {
  task: NewTask;
  resolve(enqueued: Enqueued): void;
  reject(error: unknown): void;
}

/** Bounds of one call, so that Redis is not blocked for long by one script. */
export const MAX_ROWS = 100;
const MAX_CHARS = 1024 * 1024;
/** How many calls of one `addAll` are under way at once. */
const WINDOW = 4;
/** How much `add` may leave waiting for Redis, in characters of envelopes. */
const MAX_PENDING_CHARS = 64 * 1024 * 1024;

/** Gathers the adds of one turn of the event loop into one call per queue, and cuts large ones into several. */
export class EnqueueBatcher {
  private readonly pending = new Map<Partition, PendingAdd[]>();
  private readonly underWay = new Set<Promise<unknown>>();
  private pendingChars = 0;

  constructor(
    private readonly broker: TaskBroker,
    private readonly optionsOf: (partition: Partition) => EnqueueOptions,
  ) {}

  async add(partition: Partition, task: NewTask): Promise<Enqueued> {
    if (this.pendingChars > MAX_PENDING_CHARS) throw new ProducerOverloadedError(this.pendingChars);
    return new Promise((resolve, reject) => {
      if (this.pending.size === 0) setImmediate(() => this.flush());
      const adds = this.pending.get(partition);
      if (adds) adds.push({ task, resolve, reject });
      else this.pending.set(partition, [{ task, resolve, reject }]);
      this.pendingChars += task.envelope.length;
    });
  }

  /** `answer` is called once per task that Redis answered for, with its index. @throws after all calls have ended */
  async addAll(
    partition: Partition,
    tasks: readonly NewTask[],
    answer: (index: number, enqueued: Enqueued) => void,
  ): Promise<void> {
    // Behind the adds that were made before it in this turn.
    await this.track(new Promise((resolve) => setImmediate(resolve)));
    // One generator for all senders: each takes the next chunk when it is free.
    const chunks = chunked(tasks, (task) => task);
    let first = 0;
    let failed = false;
    const send = async (): Promise<void> => {
      for (let next = chunks.next(); !next.done && !failed; next = chunks.next()) {
        const chunk = next.value;
        const begin = first;
        first += chunk.length;
        try {
          const enqueued = await this.track(this.broker.enqueue(partition, chunk, this.optionsOf(partition)));
          enqueued.forEach((each, row) => answer(begin + row, each));
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    const results = await Promise.allSettled(Array.from({ length: WINDOW }, send));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  /** Resolves once everything added so far is answered. */
  async idle(): Promise<void> {
    this.flush();
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  private flush(): void {
    const batches = [...this.pending];
    this.pending.clear();
    for (const [partition, adds] of batches) {
      for (const chunk of chunked(adds, (add) => add.task)) void this.track(this.send(partition, chunk));
    }
  }

  private async send(partition: Partition, adds: readonly PendingAdd[]): Promise<void> {
    try {
      const tasks = adds.map((add) => add.task);
      const enqueued = await this.broker.enqueue(partition, tasks, this.optionsOf(partition));
      adds.forEach((add, row) => add.resolve(enqueued[row] ?? 'known'));
    } catch (error) {
      adds.forEach((add) => add.reject(error));
    } finally {
      for (const { task } of adds) this.pendingChars -= task.envelope.length;
    }
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }
}

function* chunked<T>(items: readonly T[], taskOf: (item: T) => NewTask): Generator<T[]> {
  let chunk: T[] = [];
  let chars = 0;
  for (const item of items) {
    const { length } = taskOf(item).envelope;
    if (chunk.length >= MAX_ROWS || (chunk.length > 0 && chars + length > MAX_CHARS)) {
      yield chunk;
      chunk = [];
      chars = 0;
    }
    chunk.push(item);
    chars += length;
  }
  if (chunk.length > 0) yield chunk;
}
