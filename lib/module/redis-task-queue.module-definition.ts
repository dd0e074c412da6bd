import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RedisTaskQueueOptions } from '../options/index.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisTaskQueueOptions>({ moduleName: 'RedisTaskQueue' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTaskQueueOptions')
    .build();
