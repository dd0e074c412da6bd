import type { RedisTaskQueueOptions } from './redis-task-queue-options.interface.js';

/**
 * Options of `RedisTaskQueueModule.forFeature`: what a feature module says of its queues and tasks. What `forRoot` says of the same
 * queue or task comes first, option by option.
 */
export type FeatureOptions = Pick<RedisTaskQueueOptions, 'queues' | 'tasks'>;

/** Whose queues and tasks these are. */
export interface FeatureInstance {
  /** The `name` of an instance. @default 'default', the one without a name */
  instance?: string | undefined;
}

/** For `forFeatureAsync({ useClass })` and `useExisting`. */
export interface FeatureOptionsFactory {
  createFeatureOptions(): FeatureOptions | Promise<FeatureOptions>;
}
