import type { Redis } from 'ioredis';
import type { BrokerObserver } from '../broker-observer.js';
import { type ConnectionListener, NO_MASTER } from './redis-connection.js';

/** What a new connection alone does not cure: the server there may be the same, as silent or as read-only. */
const UNCURED = /^Socket timeout|^(READONLY|UNBLOCKED|MASTERDOWN)\b/;
/** Answers that concern every task that anybody adds, and that pass by themselves. */
const REFUSES_ADDS = /^(OOM|MISCONF|NOREPLICAS)\b/;
const LOOK_AGAIN_MS = 1_000;

/**
 * Tells the observer of a broker when Redis can be used and when it cannot. After an outage that a new connection
 * may not have ended, only a write that was carried out counts as the end of it: without that, each new connection
 * would report one. Where the write finds a replica, the connection is opened again until it leads to a master.
 */
export class RedisWatch implements ConnectionListener {
  private observer: BrokerObserver | undefined;
  private isDoubtful = false;
  private lookAgain: NodeJS.Timeout | undefined;

  /** @param write must change nothing, and be refused by whoever is no master */
  constructor(
    private readonly write: (client: Redis) => Promise<unknown>,
    private readonly onLost: () => void,
  ) {}

  start(observer: BrokerObserver): void {
    this.observer = observer;
  }

  stop(): void {
    clearTimeout(this.lookAgain);
    this.observer = undefined;
  }

  lost(cause: Error): void {
    clearTimeout(this.lookAgain);
    if (UNCURED.test(cause.message)) this.isDoubtful = true;
    this.observer?.failing('connection', cause);
    this.onLost();
  }

  ready(client: Redis): void {
    this.observer?.connected();
    if (this.isDoubtful) void this.confirm(client);
    else this.observer?.working('connection');
  }

  /** Tells when Redis takes no tasks for a while. @param call one that adds some @returns its reply */
  async adding<T>(call: Promise<T>): Promise<T> {
    try {
      const added = await call;
      this.observer?.working('adding');
      return added;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof Error && REFUSES_ADDS.test(cause.message)) this.observer?.failing('adding', cause);
      throw error;
    }
  }

  private async confirm(client: Redis): Promise<void> {
    try {
      await this.write(client);
    } catch (error) {
      const isAnswer = error instanceof Error && error.name === 'ReplyError';
      if (!isAnswer) return; // the connection broke again: `ready` comes again
      if (NO_MASTER.test(error.message)) {
        this.lookAgain = setTimeout(() => client.disconnect(true), LOOK_AGAIN_MS);
        return;
      }
      // Not allowed to this user, say: it is answered, which is all that can be found out.
    }
    this.isDoubtful = false;
    this.observer?.working('connection');
  }
}
