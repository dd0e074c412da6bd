import type { RedisSource } from '../broker/redis/redis-source.js';
import type { Duration } from './duration.js';

/** How long the status key of a finished task stays. `0` keeps nothing, not even a dead letter. */
export interface RetentionOptions {
  /** @default '24h' */
  completed?: Duration;
  /** Also the age at which a dead letter is dropped. @default '7d' */
  failed?: Duration;
}

/** Options of one queue. */
export interface QueueOptions {
  /** How many tasks of this queue one process runs at once. @default 10 */
  concurrency?: number;
  retention?: RetentionOptions;
  /**
   * The longest result, as JSON in bytes, that a status key keeps. A longer one is left out and the status says so:
   * the task is completed all the same, since its work is done. @default 65536 (64 KiB)
   */
  maxResultBytes?: number;
}

/** Options of `RedisTaskQueueModule.forRoot`. Every one may be left out. */
export interface RedisTaskQueueOptions {
  /** @default the environment's `REDIS_URL`, else `redis://127.0.0.1:6379` */
  redis?: RedisSource;
  /** Stands in front of every key, to share a Redis with others: `'shop:'`. @default '' */
  prefix?: string;
  /** Options by queue. A queue needs no entry here to exist. */
  queues?: Record<string, QueueOptions>;
  /** Options of every queue that has none of its own. */
  defaults?: QueueOptions;
  /** Which queues this process works on: all that it has handlers for, none, or these. @default true */
  consume?: boolean | string[];
  /**
   * How long a worker may stay silent before others take over what it holds. Renewed every third of it.
   * @default '15s'
   */
  lease?: Duration;
  /** How long shutdown waits for running handlers before it aborts them and gives their tasks back. @default '10s' */
  shutdownTimeout?: Duration;
  /** How long a call to Redis may take, reconnecting included. @default '5s' */
  commandTimeout?: Duration;
  /** The longest data of one task, as JSON in UTF-8 bytes. @default 1048576 (1 MiB) */
  maxDataBytes?: number;
}

/** For `forRootAsync({ useClass })` and `useExisting`. */
export interface RedisTaskQueueOptionsFactory {
  createTaskQueueOptions(): RedisTaskQueueOptions | Promise<RedisTaskQueueOptions>;
}
