export type { RedisSource } from '../broker/redis/redis-source.js';
export type { Duration } from './duration.js';
export type {
  QueueOptions,
  RedisTaskQueueOptions,
  RedisTaskQueueOptionsFactory,
  RetentionOptions,
} from './redis-task-queue-options.interface.js';
