import { Redis } from 'ioredis';

/** Something that happened to a run of a handler. */
export interface JournalEntry {
  event: 'began' | 'aborted' | 'ended';
  /** Of the task, as the handler sees it. */
  id: string;
  attempt: number;
  /** The label of the worker process. */
  worker: string;
}

/**
 * What the handlers of all worker processes did, in the order in which they did it, and the gates that they wait at. Kept
 * in a Redis that no test touches, so that nothing is lost when a process or the Redis under test dies.
 */
export class Journal {
  private readonly redis: Redis;

  constructor(
    url: string,
    private readonly prefix: string,
  ) {
    this.redis = new Redis(url, { connectionName: 'journal' });
  }

  async write(entry: JournalEntry): Promise<void> {
    await this.redis.rpush(`${this.prefix}entries`, JSON.stringify(entry));
  }

  async read(event: JournalEntry['event'], worker?: string): Promise<JournalEntry[]> {
    const texts = await this.redis.lrange(`${this.prefix}entries`, 0, -1);
    const entries = texts.map((text) => JSON.parse(text) as JournalEntry);
    return entries.filter((entry) => entry.event === event && (worker ?? entry.worker) === entry.worker);
  }

  /** The number of entries of all kinds: cheap. */
  async length(): Promise<number> {
    return this.redis.llen(`${this.prefix}entries`);
  }

  /** A line in the log of a worker process. */
  async log(worker: string, text: string): Promise<void> {
    await this.redis.rpush(`${this.prefix}log:${worker}`, text);
  }

  async logged(worker: string): Promise<string[]> {
    return this.redis.lrange(`${this.prefix}log:${worker}`, 0, -1);
  }

  async open(gate: string): Promise<void> {
    await this.redis.set(`${this.prefix}gate:${gate}`, 'open');
  }

  async isOpen(gate: string): Promise<boolean> {
    return (await this.redis.exists(`${this.prefix}gate:${gate}`)) === 1;
  }

  close(): void {
    this.redis.disconnect();
  }
}
