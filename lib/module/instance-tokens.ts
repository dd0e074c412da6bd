import type { InjectionToken } from '@nestjs/common';
import { titleOf } from '../options/instance-name.js';
import type { Telemetry } from '../telemetry/telemetry.js';

/** The name of the instance that a module is. */
export const INSTANCE: InjectionToken<string> = 'RedisTaskQueueInstance';

/** What tells others of adds and runs; `undefined` where nobody wants that. */
export const TELEMETRY: InjectionToken<Telemetry | undefined> = 'TaskQueueTelemetry';

/** By this feature modules find the settings of an instance. */
export const settingsTokenOf = (instance: string): string => titleOf('TaskQueueSettings', instance);
