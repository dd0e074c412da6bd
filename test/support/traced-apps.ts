import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { RedisTaskQueueOptions, TaskContext, TaskHandlerOptions } from '../../lib/index.js';
import { RecordedTelemetry } from './recorded-telemetry.js';
import { redisFixture, type RedisFixture } from './redis-fixture.js';
import { startApp, type TestApp } from './test-app.js';
import { workHandler } from './work-handler.js';

/** What attributes of our own begin with. */
export const OURS = 'messaging.redis_task_queue.task';

/** Applications whose telemetry is recorded. */
export interface TracedApps {
  readonly fixture: RedisFixture;
  readonly sdk: RecordedTelemetry;
  key: (name: string) => string;
  moduleOptions: () => RedisTaskQueueOptions;
  /** Starts one whose handler of `work` does this. */
  start: (handle?: (data: never, task: TaskContext) => unknown, options?: TaskHandlerOptions) => Promise<TestApp>;
}

/** Records what is traced and measured, anew in every test of the file. */
export function tracedApps(file: string): TracedApps {
  const fixture = redisFixture(file);
  const sdk = new RecordedTelemetry();
  beforeAll(() => void sdk.start());
  beforeEach(() => sdk.clear());
  afterAll(() => sdk.stop());
  const moduleOptions = (): RedisTaskQueueOptions => ({ redis: fixture.url, prefix: fixture.prefix, telemetry: true });
  return {
    fixture,
    sdk,
    key: (name) => `${fixture.prefix}${name}`,
    moduleOptions,
    start: async (handle = () => undefined, options = {}) => startApp(moduleOptions(), [workHandler(handle, options)]),
  };
}
