import type { Partition } from '../broker/partition.js';
import type { Enqueued, NewTask } from '../broker/task-broker.js';
import { ProducerOverloadedError } from '../errors/index.js';

/** Bounds of one call, so that Redis is not blocked for long by one script. */
export const MAX_ROWS = 100;
/** To put a task into a lane takes longer than into the queue. */
export const MAX_LANE_ROWS = 50;
/** To schedule a task takes twice as long as to enqueue it. */
export const MAX_SCHEDULED_ROWS = 50;
const MAX_CHARS = 1024 * 1024;
/** So many adds do not wait for the end of their turn, unless Redis has enough to do: it works on them while more are made. */
const ENOUGH = 50;
const ENOUGH_CALLS = 2;
/** How many calls of one `addAll` are under way at once. */
const WINDOW = 4;
/** How much `add` may leave waiting for Redis, in characters of envelopes. */
const MAX_PENDING_CHARS = 64 * 1024 * 1024;

/** The tasks of one call. Who added one finds its answer by its row. */
interface Batch {
  readonly tasks: NewTask[];
  readonly answers: Promise<readonly Enqueued[]>;
  chars: number;
  send(): void;
}

/** Gathers the adds of one turn of the event loop into one call per queue, or into several where there are many. */
export class EnqueueBatcher {
  /** To which the adds of this turn go. */
  private readonly open = new Map<Partition, Batch>();
  private readonly underWay = new Set<Promise<unknown>>();
  private endOfTurn: NodeJS.Immediate | undefined;
  /** Those that were sent and are not answered. */
  private calls = 0;
  private pendingChars = 0;

  constructor(
    private readonly maxRows: number,
    private readonly enqueue: (partition: Partition, tasks: readonly NewTask[]) => Promise<Enqueued[]>,
  ) {}

  async add(partition: Partition, task: NewTask): Promise<Enqueued> {
    if (this.pendingChars > MAX_PENDING_CHARS) throw new ProducerOverloadedError(this.pendingChars);
    const { length } = task.envelope;
    let batch = this.open.get(partition);
    if (batch && !this.hasRoom(batch.tasks.length, batch.chars, length)) batch.send();
    if (!batch || this.open.get(partition) !== batch) batch = this.begin(partition);
    batch.chars += length;
    this.pendingChars += length;
    const row = batch.tasks.push(task) - 1;
    if (row + 1 === this.maxRows || (row + 1 >= ENOUGH && this.calls < ENOUGH_CALLS)) batch.send();
    // One promise for all of them: each of its own would cost more than all else that is done for a task here.
    return (await batch.answers)[row] ?? 'known';
  }

  /** `answer` is called once per task that Redis answered for, with its index. @throws after all calls have ended */
  async addAll(
    partition: Partition,
    tasks: readonly NewTask[],
    answer: (index: number, task: NewTask, enqueued: Enqueued) => void,
  ): Promise<void> {
    // Behind the adds that were made before it.
    this.open.get(partition)?.send();
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
    let send = (): void => undefined;
    const answers = new Promise<readonly Enqueued[]>((resolve, reject) => {
      send = () => {
        this.open.delete(partition);
        this.calls++;
        this.enqueue(partition, tasks)
          .finally(() => {
            this.calls--;
            this.pendingChars -= batch.chars;
          })
          .then(resolve, reject);
      };
    });
    const batch: Batch = { tasks, answers: this.track(answers), chars: 0, send };
    this.open.set(partition, batch);
    this.endOfTurn ??= setImmediate(() => {
      this.endOfTurn = undefined;
      for (const each of this.open.values()) each.send();
    });
    return batch;
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
