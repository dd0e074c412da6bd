import { setTimeout as delay } from 'node:timers/promises';
import type { Redis, RedisOptions } from 'ioredis';
import { RedisRefusedError, RedisUnavailableError, TaskQueueError } from '../../errors/index.js';
import { Deadlines } from './deadlines.js';
import { openRedis, type RedisSource } from './redis-source.js';

const PAUSE_MS = 10;
/** What a standing connection has to be ready for commands, before that is called an outage. */
const READY_MS = 1_000;
/** How long a connection that is given up may take to end. Silent ones never do by themselves. */
const END_MS = 200;
/** What a server answers that is no master (any more), or not yet. */
export const NO_MASTER = /^(READONLY|UNBLOCKED|MASTERDOWN|LOADING)\b/;
/** What ioredis says because of another error, which is the one to tell of. */
const CONSEQUENCE = /^(Connection is closed|Stream isn't writeable)/;
const BROKE = 'the connection broke';
const CLOSED = new Error('the connection is closed');

/** Who is told what becomes of a connection; each may be called again and again. */
export interface ConnectionListener {
  /** It does not stand, or is of no use. It is opened again until it is. */
  lost(cause: Error): void;
  ready(client: Redis): void;
}

/**
 * One connection to Redis, opened on first use, that never keeps a command for later: a command is sent while the
 * connection stands, or waits in `ready` and was never sent. When the connection breaks, or stays silent for
 * `silenceMs` with a command under way, all commands on it fail at once.
 */
export class RedisConnection {
  /** How often it has come to stand. */
  generation = 0;
  private client: Redis | undefined;
  private becomesReady: Promise<Redis> | undefined;
  private lastError: unknown;
  private closed = false;
  private readonly deadlines = new Deadlines(
    (timeoutMs) => new RedisUnavailableError(timeoutMs, this.lastError ?? new Error('no answer')),
  );

  constructor(
    private readonly source: RedisSource,
    private readonly timeoutMs: number,
    private readonly silenceMs: number,
    private readonly options: RedisOptions = {},
    private readonly listener?: ConnectionListener,
  ) {}

  /** Resolves with the client once it can take commands. @throws RedisUnavailableError after `timeoutMs` */
  async ready(timeoutMs = this.timeoutMs): Promise<Redis> {
    const client = this.open();
    if (client.status === 'ready') return client;
    return this.deadlines.within(performance.now(), timeoutMs, this.untilReady(client));
  }

  /** Sends once: for what must not be repeated blindly. */
  async once<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    // Sent at once where it can be: the caller may go on with other work while it travels.
    const opened = this.open();
    const client = opened.status === 'ready' ? opened : await this.ready();
    const begun = performance.now();
    try {
      return this.succeeded(await command(client));
    } catch (error) {
      throw this.explain(error, begun);
    }
  }

  /** Sends what is safe to repeat, and sends it again for as long as `timeoutMs` allows. */
  async repeatable<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    const begun = performance.now();
    const left = (): number => Math.max(0, this.timeoutMs - (performance.now() - begun));
    for (;;) {
      try {
        const opened = this.open();
        const client = opened.status === 'ready' ? opened : await this.ready(left());
        return this.succeeded(await this.deadlines.within(begun, this.timeoutMs, command(client)));
      } catch (error) {
        const explained = this.explain(error, begun);
        const again = explained instanceof RedisUnavailableError && !this.closed;
        if (!again || left() <= PAUSE_MS) throw explained;
        await delay(PAUSE_MS);
      }
    }
  }

  /** Breaks the connection, so that a new one is opened: this one may lead nowhere, or to the wrong server. */
  renew(): void {
    if (this.client?.status === 'ready') this.client.disconnect(true);
  }

  close(): void {
    this.closed = true;
    this.client?.disconnect();
    this.deadlines.close();
  }

  private open(): Redis {
    if (this.closed) throw new RedisUnavailableError(0, CLOSED);
    if (!this.client) {
      this.client = openRedis(this.source, {
        retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 2_000) + Math.random() * 100,
        ...this.options,
        enableOfflineQueue: false,
        enableAutoPipelining: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        socketTimeout: this.silenceMs,
        disconnectTimeout: END_MS,
        // ioredis would wait for as long as Redis believes that loading takes.
        maxLoadingRetryTime: READY_MS,
        commandTimeout: undefined,
        blockingTimeout: undefined,
      });
      // Without a listener ioredis prints each failed reconnect; here it becomes the cause of what callers are told.
      this.client.on('error', (error) => this.noticeError(error));
      // That a new connection can be opened says nothing of whether it leads to a master.
      this.client.on('ready', () => {
        this.generation += 1;
        if (!(this.lastError instanceof Error && NO_MASTER.test(this.lastError.message))) this.lastError = undefined;
      });
      stopSocketTimer(this.client);
      if (this.listener) this.tell(this.client, this.listener);
    }
    return this.client;
  }

  private tell(client: Redis, listener: ConnectionListener): void {
    let late: NodeJS.Timeout | undefined;
    const lost = (otherwise: string): void => {
      clearTimeout(late);
      if (!this.closed) listener.lost(this.lastError instanceof Error ? this.lastError : new Error(otherwise));
    };
    client.on('connect', () => {
      late = setTimeout(() => lost('connected, but Redis does not answer or loads its data'), READY_MS);
    });
    client.on('close', () => lost(BROKE));
    client.on('ready', () => {
      clearTimeout(late);
      listener.ready(client);
    });
  }

  /** One pair of listeners, however many callers wait. */
  private async untilReady(client: Redis): Promise<Redis> {
    this.becomesReady ??= new Promise<Redis>((resolve, reject) => {
      const onReady = (): void => {
        client.off('end', onEnd);
        resolve(client);
      };
      const onEnd = (): void => {
        client.off('ready', onReady);
        reject(new RedisUnavailableError(0, CLOSED));
      };
      client.once('ready', onReady).once('end', onEnd);
    }).finally(() => (this.becomesReady = undefined));
    return this.becomesReady;
  }

  private succeeded<T>(reply: T): T {
    this.lastError = undefined;
    return reply;
  }

  private noticeError(error: Error): void {
    if (CONSEQUENCE.test(error.message)) return;
    this.lastError = error;
    // ioredis would go on in database 0.
    if (error.name === 'ReplyError' && /DB index/i.test(error.message)) this.client?.disconnect(true);
  }

  private explain(error: unknown, begun: number): TaskQueueError {
    if (error instanceof TaskQueueError) return error;
    if (error instanceof Error && error.name === 'ReplyError') {
      if (!NO_MASTER.test(error.message)) return new RedisRefusedError(error);
      // The address may lead to another server by now: only a new connection can find it.
      this.lastError = error;
      this.client?.disconnect(true);
    }
    // How ioredis says that the connection broke with the command under way.
    const broke = error instanceof Error && error.name === 'MaxRetriesPerRequestError';
    const cause = this.lastError ?? (broke ? new Error(BROKE) : error);
    return new RedisUnavailableError(performance.now() - begun, cause);
  }
}

/** ioredis 5 lets the timer of `socketTimeout` outlive its connection: it would break the next one, and not watch over that. */
function stopSocketTimer(client: Redis): void {
  const timed = client as unknown as { socketTimeoutTimer?: NodeJS.Timeout | undefined };
  client.on('close', () => {
    clearTimeout(timed.socketTimeoutTimer);
    timed.socketTimeoutTimer = undefined;
  });
}
