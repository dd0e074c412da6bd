export type { RedisSource } from '../broker/redis/redis-source.js';
export type { AddOptions } from './add-options.js';
export type { Backoff, BackoffFunction, BackoffOptions, FailedTask } from './backoff.js';
export type { BatchOptions } from './batch-options.js';
export type { DueOptions } from './due.js';
export type { Duration } from './duration.js';
export type { FeatureInstance, FeatureOptions, FeatureOptionsFactory } from './feature-options.interface.js';
export type { GroupOptions } from './group-limits.js';
export type { DebounceOptions, LockOptions, ThrottleOptions, UniqueOptions } from './lock-options.js';
export type { PlainListOptions, PlainStatusOptions } from './plain-options.js';
export type { RateOptions } from './rate.js';
export type {
  AckPolicy,
  DeliveryPolicy,
  GroupsOptions,
  InstanceName,
  QueueOptions,
  RedisTaskQueueOptions,
  RedisTaskQueueOptionsFactory,
  RetentionOptions,
  SchedulesOptions,
  StatusPolicy,
  TaskNameOptions,
} from './redis-task-queue-options.interface.js';
export type { PlainTaskOptions, TaskOptions } from './task-options.js';
export type { WaitOptions } from './wait-options.js';
