import type { InjectionToken } from '@nestjs/common';
import { titleOf } from '../options/instance-name.js';

/** The name of the instance that a module is. */
export const INSTANCE: InjectionToken<string> = 'RedisTaskQueueInstance';

/** By this feature modules find the settings of an instance. */
export const settingsTokenOf = (instance: string): string => titleOf('TaskQueueSettings', instance);
