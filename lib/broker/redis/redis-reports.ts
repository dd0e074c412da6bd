import type { Redis } from 'ioredis';
import { Figures } from '../figures.js';
import { QUEUE_NAME } from '../names.js';
import type { Partition } from '../partition.js';
import {
  KEPT_MS,
  type ListedWorker,
  type ReportStore,
  type Span,
  SPAN_MS,
  type WorkerReport,
} from '../report-store.js';
import { readField, toFields } from './figure-fields.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';
import { scanAll } from './redis-scan.js';
import type { WorkersAnswer } from './redis-scripts.js';

const PAGE = 500;

/** Of which minutes or hours the figures stand in one hash. */
const HASHES = { minute: { of: 'hour', ms: 3_600_000 }, hour: { of: 'day', ms: 24 * 3_600_000 } } as const;

/** Figures stand in a hash for each hour and each day, which are bounded: so many figures as there are for each minute or hour of it. */
export class RedisReports implements ReportStore {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
  ) {}

  async report(partition: Partition, { worker, number, facts, figures }: WorkerReport): Promise<boolean> {
    const call = [...this.keys.scripts(partition), worker, number, facts];
    call.push(this.keys.history(partition, 'hour'), this.keys.history(partition, 'day'), KEPT_MS.minute, KEPT_MS.hour);
    call.push(...toFields(figures));
    return (await this.commands.repeatable((client) => client.taskReport(call))) === 1;
  }

  async workers(partition: Partition): Promise<ListedWorker[]> {
    const listed = new Map<string, ListedWorker>();
    const page = async (client: Redis, cursor: string): Promise<WorkersAnswer> =>
      client.taskWorkers([...this.keys.scripts(partition), cursor]);
    for await (const [, now, found] of scanAll(this.commands, page)) {
      for (const [worker, leaseExpiresAt, told] of found) {
        const facts = told === null ? null : told.slice(told.indexOf(' ') + 1);
        listed.set(worker, { worker, leaseExpiresAt, now, facts });
      }
    }
    return [...listed.values()];
  }

  async history(partition: Partition, span: Span, fromMs: number, toMs: number): Promise<Map<number, Figures>> {
    const found = new Map<number, Figures>();
    const hash = HASHES[span];
    for (let n = Math.floor(fromMs / hash.ms); n * hash.ms < toMs; n++) {
      const key = this.keys.history(partition, hash.of) + n;
      const fields = await this.commands.repeatable((client) => client.hgetall(key));
      for (const [field, amount] of Object.entries(fields)) {
        const colon = field.indexOf(':');
        const at = n * hash.ms + Number(field.slice(0, colon)) * SPAN_MS[span];
        if (!(at >= fromMs && at < toMs)) continue;
        let figures = found.get(at);
        if (!figures) found.set(at, (figures = new Figures()));
        readField(figures, field.slice(colon + 1), Number(amount));
      }
    }
    return found;
  }

  async enterQueue(queue: string): Promise<void> {
    await this.commands.repeatable((client) => client.sadd(this.keys.queues, queue));
  }

  async queues(): Promise<string[]> {
    const found = new Set<string>();
    const page = async (client: Redis, cursor: string): Promise<[string, string[]]> =>
      client.sscan(this.keys.queues, cursor, 'COUNT', PAGE);
    for await (const [, names] of scanAll(this.commands, page))
      for (const name of names) if (QUEUE_NAME.test(name)) found.add(name);
    return [...found];
  }

  async removeQueue(queue: string): Promise<void> {
    await this.commands.repeatable((client) => client.srem(this.keys.queues, queue));
  }
}
