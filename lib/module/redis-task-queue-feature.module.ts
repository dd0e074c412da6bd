import { type DynamicModule, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { UnknownInstanceError } from '../errors/index.js';
import { checkInstanceName, DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { FeatureOptions } from '../options/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { settingsTokenOf } from './instance-tokens.js';
import {
  type ASYNC_FEATURE_OPTIONS_TYPE,
  ConfigurableFeatureModuleClass,
  FEATURE_OPTIONS_TOKEN,
} from './redis-task-queue.module-definition.js';

/** Tells the settings of an instance, while the application is put together, what a feature module says of its queues and tasks. */
@Module({})
export class RedisTaskQueueFeatureModule extends ConfigurableFeatureModuleClass {
  static override forFeature(options: FeatureOptions, instance?: string): DynamicModule {
    return featureOf(super.forFeature(options), instance);
  }

  static override forFeatureAsync(options: typeof ASYNC_FEATURE_OPTIONS_TYPE, instance?: string): DynamicModule {
    return featureOf(super.forFeatureAsync(options), instance);
  }
}

function featureOf(definition: DynamicModule, given = DEFAULT_INSTANCE): DynamicModule {
  const instance = checkInstanceName(given);
  const feature = Symbol('RedisTaskQueueFeature');
  return {
    ...definition,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: feature,
        useFactory: (options: FeatureOptions, modules: ModulesContainer, settings?: TaskQueueSettings) => {
          const origin = `forFeature in ${importersOf(feature, modules)}`;
          if (!settings) throw new UnknownInstanceError(origin, instance);
          settings.addFeature(options, origin);
          return origin;
        },
        inject: [FEATURE_OPTIONS_TOKEN, ModulesContainer, { token: settingsTokenOf(instance), optional: true }],
      },
    ],
  };
}

/** The names of the modules that import the one with this provider. */
function importersOf(provider: symbol, modules: ModulesContainer): string {
  const importers = [...modules.values()].filter(({ imports }) =>
    [...imports].some(({ providers }) => providers.has(provider)),
  );
  return importers.map(({ name }) => name).join(' and ');
}
