import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { FeatureOptions, RedisTaskQueueOptions } from '../options/index.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisTaskQueueOptions>({ moduleName: 'RedisTaskQueue' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTaskQueueOptions')
    .build();

export const {
  ConfigurableModuleClass: ConfigurableFeatureModuleClass,
  MODULE_OPTIONS_TOKEN: FEATURE_OPTIONS_TOKEN,
  ASYNC_OPTIONS_TYPE: ASYNC_FEATURE_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<FeatureOptions>({ moduleName: 'RedisTaskQueueFeature' })
  .setClassMethodName('forFeature')
  .setFactoryMethodName('createFeatureOptions')
  .build();
