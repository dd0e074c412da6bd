import { LayoutMismatchError, RedisRefusedError } from '../../errors/index.js';
import { encodeBody } from '../envelope.js';
import type { Partition } from '../partition.js';
import type { Adoption, PlainInlet, PlainSource } from '../plain-store.js';
import { MAX_SLEEP_MS } from '../task-broker.js';
import type { RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';

/**
 * Takes in the elements of a plain list. `BLMOVE` puts one at a time where only we look: it must not be taken off by a client that then
 * dies with it. Whatever stands there becomes a task by the next call of any process.
 */
export class RedisPlainInlet implements PlainInlet {
  private readonly claimed: string;
  /** One of its keys was no list when it was needed. Where the list is empty nothing but a look at them tells that it still is none. */
  private isInTheWay = false;

  constructor(
    private readonly partition: Partition,
    private readonly source: PlainSource,
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly blocking: RedisConnection,
    private readonly onClose: () => void,
  ) {
    this.claimed = keys.claimedOf(partition, source.list);
  }

  async claim(timeoutMs: number): Promise<string | null> {
    const seconds = Math.max(1, Math.min(timeoutMs, MAX_SLEEP_MS)) / 1000;
    const { list } = this.source;
    const inTheWay = this.isInTheWay ? await this.noList() : null;
    if (inTheWay !== null) return inTheWay;
    this.isInTheWay = false;
    try {
      // As bytes, for nobody looks at them here.
      await this.blocking.once((client) => client.blmoveBuffer(list, this.claimed, 'RIGHT', 'LEFT', seconds));
      return null;
    } catch (error) {
      if (!isWrongType(error)) throw error;
      this.isInTheWay = true;
      return this.noList();
    }
  }

  async adopt(): Promise<Adoption> {
    const { list, task, priority, expiresInMs, withStatus, deadLetterTtlMs } = this.source;
    const { endedTtlMs, failedTtlMs, statusPrefix, idField } = this.source;
    // What follows the data is written behind them.
    const body = encodeBody(task, '', undefined, { priority }).slice(0, -1);
    const call = [...this.keys.scripts(this.partition), this.claimed, list];
    call.push(String(LAYOUT_VERSION), withStatus ? '1' : '0', String(deadLetterTtlMs), body, task);
    call.push(String(expiresInMs ?? ''), String(endedTtlMs), String(failedTtlMs), statusPrefix, idField);
    const answer = await this.commands.repeatable((client) => client.taskAdoptPlain(call));
    if (answer[0] === -1) throw new LayoutMismatchError(this.partition, answer[1], LAYOUT_VERSION);
    const [count, more, malformed = []] = answer;
    return { count, more: more === 1, malformed };
  }

  close(): void {
    this.blocking.close();
    this.onClose();
  }

  /** See `RedisConnection.renew`. */
  renew(): void {
    this.blocking.renew();
  }

  /** Which of the two keys it is; none, if both are lists by now. */
  private async noList(): Promise<string | null> {
    for (const key of [this.source.list, this.claimed]) {
      const type = await this.commands.repeatable((client) => client.type(key));
      if (type !== 'list' && type !== 'none') return key;
    }
    return null;
  }
}

export function isWrongType(error: unknown): boolean {
  const cause = error instanceof RedisRefusedError ? error.cause : undefined;
  return cause instanceof Error && cause.message.startsWith('WRONGTYPE');
}
