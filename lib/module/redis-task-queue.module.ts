import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import { TaskHandlerInvoker } from '../discovery/task-handler.invoker.js';
import { TaskScheduleExplorer } from '../discovery/task-schedule.explorer.js';
import { checkInstanceName, DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { FeatureInstance, FeatureOptions, InstanceName, RedisTaskQueueOptions } from '../options/index.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { ofInstance, serviceTokens } from './instance-services.js';
import { INSTANCE, settingsTokenOf } from './instance-tokens.js';
import {
  type ASYNC_FEATURE_OPTIONS_TYPE,
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
} from './redis-task-queue.module-definition.js';
import { observingProviders } from './observing.providers.js';
import { RedisTaskQueueFeatureModule } from './redis-task-queue-feature.module.js';
import { scheduleProviders } from './schedule.providers.js';
import { taskQueueProviders } from './task-queue.providers.js';

/**
 * Background tasks on Redis. Import it once, in the root module: what it provides can be injected everywhere. Further imports are
 * instances of their own, each with a name.
 *
 * @example
 * \@Module({ imports: [RedisTaskQueueModule.forRoot({ queues: { email: { concurrency: 50 } } })] })
 * export class AppModule {}
 */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [TaskHandlerExplorer, TaskHandlerInvoker, TaskScheduleExplorer],
})
export class RedisTaskQueueModule extends ConfigurableModuleClass {
  /**
   * @throws InvalidOptionsError at once where `name` is wrong, else when the application starts: then it names every wrong option.
   */
  static override forRoot(given: RedisTaskQueueOptions & InstanceName = {}): DynamicModule {
    const { name, ...options } = Object(given) as typeof given;
    // What are no options at all is refused with the options.
    return instanceOf(super.forRoot(given === Object(given) ? options : given), name);
  }

  /** Options from a factory, or from a class with `createTaskQueueOptions`. @throws InvalidOptionsError as `forRoot` */
  static override forRootAsync({ name, ...options }: typeof ASYNC_OPTIONS_TYPE & InstanceName): DynamicModule {
    return instanceOf(super.forRootAsync(options), name);
  }

  /**
   * What a feature module says of its queues and tasks, in its own `imports`. What `forRoot` says of the same comes first, option by
   * option; two features must not say different things of one queue or task. All of it holds before the first `onModuleInit`.
   *
   * @throws TaskQueueError when the application starts: `INVALID_OPTIONS`, `CONFLICTING_OPTIONS`, `UNKNOWN_INSTANCE`
   *
   * @example
   * \@Module({ imports: [RedisTaskQueueModule.forFeature({ queues: { email: { concurrency: 50 } } })], providers: [EmailTasks] })
   * export class EmailModule {}
   */
  static forFeature(options: FeatureOptions, { instance }: FeatureInstance = {}): DynamicModule {
    return RedisTaskQueueFeatureModule.forFeature(options, instance);
  }

  /** The same with options from a factory, or from a class with `createFeatureOptions`. */
  static forFeatureAsync({ instance, ...options }: typeof ASYNC_FEATURE_OPTIONS_TYPE & FeatureInstance): DynamicModule {
    return RedisTaskQueueFeatureModule.forFeatureAsync(options, instance);
  }
}

/** A module that provides an instance: all of it for itself, and for the application what it offers. */
function instanceOf(definition: DynamicModule, given = DEFAULT_INSTANCE): DynamicModule {
  const name = checkInstanceName(given, 'name');
  const settings = settingsTokenOf(name);
  return {
    ...definition,
    providers: [
      ...(definition.providers ?? []),
      { provide: INSTANCE, useValue: name },
      { provide: settings, useExisting: TaskQueueSettings },
      ...[...taskQueueProviders, ...scheduleProviders, ...observingProviders].map((provider) =>
        ofInstance(provider, name),
      ),
    ],
    exports: [settings, ...serviceTokens(name)],
  };
}
