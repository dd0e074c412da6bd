export type { TaskState } from './broker/task-state.js';
export { TaskHandler, type TaskHandlerOptions } from './decorators/task-handler.decorator.js';
export * from './errors/index.js';
export { TaskContext } from './handler/task-context.js';
export { RedisTaskQueueModule } from './module/redis-task-queue.module.js';
export * from './options/index.js';
export { type AddedTask, type AddOptions, type BulkRow, TaskProducer } from './producer/task-producer.service.js';
export type { TaskFailure, TaskStatus } from './status/task-status.js';
export { TaskStatusService } from './status/task-status.service.js';
