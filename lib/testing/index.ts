export type { AddedTaskRecord } from './added-tasks.js';
export type { RanTask } from './ran-task.js';
export { RedisServer, type RedisConfigValue, type RedisServerOptions } from './redis-server.js';
export { RedisServerError } from './redis-server.error.js';
export { type ProviderOverrides, RedisTaskQueueTestingModule } from './redis-task-queue-testing.module.js';
export { TaskQueueTester } from './task-queue-tester.js';
export { TaskQueueTesterError } from './task-queue-tester.error.js';
export type { TaskQueueTestingOptions } from './testing-options.js';
