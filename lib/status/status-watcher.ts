import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { type Partition, publicId } from '../broker/partition.js';
import { type StatusListener, type StatusWatch, WATCH_TTL_MS } from '../broker/status-watch.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { RedisUnavailableError, WatchClosedError } from '../errors/index.js';
import { readStatuses } from './status-reader.js';
import { type StatusObserver, WatchedTask } from './watched-tasks.js';

/** Entries are made anew, and all statuses are read, so often: a message may be lost, and the end of a status is not told. */
const RENEW_MS = WATCH_TTL_MS / 3;
/** How long the connection outlives the last task that is watched: often there is another one soon. */
const LINGER_MS = 5_000;
const PAUSE_MS = 250;

/**
 * Watches tasks for this process, whoever asks, over one connection. It enters a task, and then reads where that stands: whatever
 * happens in between is told, so nothing can be missed. What was told is not believed but read. Everything that is to do at a time is
 * done in common. An outage of Redis is waited for.
 */
export class StatusWatcher implements StatusListener {
  private readonly tasks = new Map<string, WatchedTask>();
  private readonly toEnter = new Set<WatchedTask>();
  private readonly toRead = new Set<WatchedTask>();
  private readonly toLeave = new Set<WatchedTask>();
  private watch: StatusWatch | undefined;
  private isWorking = false;
  private closed = false;
  private renewal: NodeJS.Timeout | undefined;
  private linger: NodeJS.Timeout | undefined;

  constructor(private readonly broker: TaskBroker) {}

  /** @returns ends it */
  observe(partition: Partition, id: string, observer: StatusObserver): () => void {
    if (this.closed) {
      observer.error(new WatchClosedError());
      return () => undefined;
    }
    const key = publicId(partition, id);
    let task = this.tasks.get(key);
    if (!task) {
      task = new WatchedTask(partition, id);
      this.tasks.set(key, task);
      this.toEnter.add(task);
    } else if (!this.toEnter.has(task)) {
      this.toRead.add(task);
    }
    task.add(observer);
    void this.work();
    const observed = task;
    return () => {
      observed.remove(observer);
      if (observed.isObserved || this.tasks.get(key) !== observed) return;
      this.tasks.delete(key);
      // One that was not entered yet has nothing to leave.
      if (!this.toEnter.delete(observed)) this.toLeave.add(observed);
      void this.work();
    };
  }

  changed(partition: Partition, id: string): void {
    const task = this.tasks.get(publicId(partition, id));
    if (!task) return;
    this.toRead.add(task);
    void this.work();
  }

  missed(): void {
    for (const task of this.tasks.values()) this.toEnter.add(task);
    void this.work();
  }

  /** Whoever watches is told that nothing more comes. */
  close(): void {
    this.closed = true;
    for (const task of this.tasks.values()) task.fail(new WatchClosedError());
    this.disconnect();
  }

  private async work(): Promise<void> {
    if (this.isWorking || this.closed) return;
    this.isWorking = true;
    this.connect();
    while (!this.closed && this.toEnter.size + this.toRead.size + this.toLeave.size > 0) {
      // What is asked for in one turn of the event loop is done in common.
      await turn();
      await this.leave();
      await this.enter();
      await this.read();
    }
    this.isWorking = false;
    if (this.tasks.size === 0 && !this.closed) this.linger = setTimeout(() => this.disconnect(), LINGER_MS).unref();
  }

  private connect(): void {
    clearTimeout(this.linger);
    this.watch ??= this.broker.watchStatuses(this);
    this.renewal ??= setInterval(() => this.missed(), RENEW_MS).unref();
  }

  private disconnect(): void {
    clearTimeout(this.linger);
    clearInterval(this.renewal);
    this.renewal = undefined;
    this.watch?.close();
    this.watch = undefined;
  }

  /** Where that fails nothing is told, and entries go by themselves. */
  private async leave(): Promise<void> {
    for (const [partition, tasks] of byPartition(this.toLeave)) {
      // Somebody may watch the same task again.
      const left = tasks.filter(({ id }) => !this.tasks.has(publicId(partition, id)));
      for (const areOver of [true, false]) {
        const ids = left.filter(({ isOver }) => isOver === areOver).map(({ id }) => id);
        if (ids.length > 0) await this.watch?.leave(partition, ids, areOver).catch(() => undefined);
      }
    }
  }

  private async enter(): Promise<void> {
    for (const [partition, tasks] of byPartition(this.toEnter)) {
      try {
        await this.watch?.enter(partition, idsOf(tasks));
        // Not before: what happens to a task that is not entered is not told.
        for (const task of tasks) this.toRead.add(task);
      } catch (error) {
        if (await this.isOutage(error)) this.again(this.toEnter, tasks);
        else for (const task of tasks) task.fail(error);
      }
    }
  }

  private async read(): Promise<void> {
    for (const [partition, tasks] of byPartition(this.toRead)) {
      try {
        const statuses = await readStatuses(this.broker, partition, idsOf(tasks));
        tasks.forEach((task, row) => task.tell(statuses[row] ?? null));
      } catch (error) {
        if (await this.isOutage(error)) this.again(this.toRead, tasks);
        else await this.readEach(partition, tasks);
      }
    }
  }

  /** Somebody keeps something else under the status key of one of them: that is no fault of the others. */
  private async readEach(partition: Partition, tasks: readonly WatchedTask[]): Promise<void> {
    for (const task of tasks) {
      try {
        const [status] = await readStatuses(this.broker, partition, [task.id]);
        task.tell(status ?? null);
      } catch (error) {
        if (await this.isOutage(error)) this.again(this.toRead, [task]);
        else task.fail(error);
      }
    }
  }

  private async isOutage(error: unknown): Promise<boolean> {
    if (!(error instanceof RedisUnavailableError)) return false;
    await delay(PAUSE_MS);
    return true;
  }

  private again(set: Set<WatchedTask>, tasks: readonly WatchedTask[]): void {
    for (const task of tasks) if (task.isObserved) set.add(task);
  }
}

/** Takes all of them out. */
function byPartition(tasks: Set<WatchedTask>): Map<Partition, WatchedTask[]> {
  const partitions = new Map<Partition, WatchedTask[]>();
  for (const task of tasks) {
    const others = partitions.get(task.partition);
    if (others) others.push(task);
    else partitions.set(task.partition, [task]);
  }
  tasks.clear();
  return partitions;
}

function idsOf(tasks: readonly WatchedTask[]): string[] {
  return tasks.map(({ id }) => id);
}
