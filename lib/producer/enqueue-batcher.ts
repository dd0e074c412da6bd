import type { Partition } from '../broker/partition.js';
import type { Enqueued, NewTask } from '../broker/task-broker.js';
import { ProducerOverloadedError } from '../errors/index.js';

/** Bounds of one call, so that Redis is not blocked for long by one script. */
export const MAX_ROWS = 100;
/** To schedule a task takes twice as long as to enqueue it. */
export const MAX_SCHEDULED_ROWS = 50;
const MAX_CHARS = 1024 * 1024;
/** How many calls of one `addAll` are under way at once. */
const WINDOW = 4;
/** How much `add` may leave waiting for Redis, in characters of envelopes. */
const MAX_PENDING_CHARS = 64 * 1024 * 1024;

/** The tasks of one call. Who added one finds its answer by its row. */
interface Batch {
  readonly tasks: NewTask[];
  readonly answers: Promise<readonly Enqueued[]>;
  chars: number;
}

/** Gathers the adds of one turn of the event loop into one call per queue, and cuts large ones into several. */
export class EnqueueBatcher {
  /** To which the adds of this turn go. */
  private readonly open = new Map<Partition, Batch>();
  private readonly underWay = new Set<Promise<unknown>>();
  private turn: Promise<void> | undefined;
  private pendingChars = 0;

  constructor(
    private readonly maxRows: number,
    private readonly enqueue: (partition: Partition, tasks: readonly NewTask[]) => Promise<Enqueued[]>,
  ) {}

  async add(partition: Partition, task: NewTask): Promise<Enqueued> {
    if (this.pendingChars > MAX_PENDING_CHARS) throw new ProducerOverloadedError(this.pendingChars);
    const { length } = task.envelope;
    let batch = this.open.get(partition);
    if (!batch || !this.hasRoom(batch.tasks.length, batch.chars, length)) batch = this.begin(partition);
    batch.chars += length;
    this.pendingChars += length;
    const row = batch.tasks.push(task) - 1;
    // One promise for all of them: each of its own would cost more than all else that is done for a task here.
    return (await batch.answers)[row] ?? 'known';
  }

  /** `answer` is called once per task that Redis answered for, with its index. @throws after all calls have ended */
  async addAll(
    partition: Partition,
    tasks: readonly NewTask[],
    answer: (index: number, task: NewTask, enqueued: Enqueued) => void,
  ): Promise<void> {
    // Behind the adds that were made before it in this turn.
    await this.track(this.endOfTurn());
    // One generator for all senders: each takes the next chunk when it is free.
    const chunks = this.chunked(tasks);
    let first = 0;
    let failed = false;
    const send = async (): Promise<void> => {
      for (let next = chunks.next(); !next.done && !failed; next = chunks.next()) {
        const chunk = next.value;
        const begin = first;
        first += chunk.length;
        try {
          const enqueued = await this.track(this.enqueue(partition, chunk));
          chunk.forEach((task, row) => answer(begin + row, task, enqueued[row] ?? 'known'));
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
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  private begin(partition: Partition): Batch {
    const tasks: NewTask[] = [];
    const batch: Batch = { tasks, chars: 0, answers: this.track(this.send(partition, tasks)) };
    this.open.set(partition, batch);
    return batch;
  }

  private async send(partition: Partition, tasks: readonly NewTask[]): Promise<readonly Enqueued[]> {
    await this.endOfTurn();
    try {
      return await this.enqueue(partition, tasks);
    } finally {
      for (const { envelope } of tasks) this.pendingChars -= envelope.length;
    }
  }

  private endOfTurn(): Promise<void> {
    this.turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.turn = undefined;
        this.open.clear();
        resolve();
      });
    });
    return this.turn;
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private hasRoom(rows: number, chars: number, more: number): boolean {
    return rows < this.maxRows && (rows === 0 || chars + more <= MAX_CHARS);
  }

  private *chunked(tasks: readonly NewTask[]): Generator<NewTask[]> {
    let chunk: NewTask[] = [];
    let chars = 0;
    for (const task of tasks) {
      const { length } = task.envelope;
      if (!this.hasRoom(chunk.length, chars, length)) {
        yield chunk;
        chunk = [];
        chars = 0;
      }
      chunk.push(task);
      chars += length;
    }
    if (chunk.length > 0) yield chunk;
  }
}
