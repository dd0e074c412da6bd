export type {
  BulkOptions,
  BulkProgress,
  BulkReport,
  DrainOptions,
  MoveFilter,
  MoveState,
  ObliterateOptions,
  PurgeState,
} from './admin/bulk-options.js';
export type { DeadLetterFilter, RetryAllOptions } from './admin/dead-letter-filter.js';
export type { FoundTask } from './admin/found-task.js';
export type { DamageReport, RepairOptions, RepairReport } from './admin/repair-report.js';
export type { ListedTask, ListOptions, TaskPage } from './admin/task-list.js';
export { type CancelAnswer, TaskQueueAdmin } from './admin/task-queue-admin.service.js';
export type { DamageKind } from './broker/damage.js';
export type { QueueCounts } from './broker/queue-readings.js';
export type { Overlap } from './broker/schedule-store.js';
export type { TaskState } from './broker/task-state.js';
export type { ConsumerState } from './consumer/consumer-switch.js';
export { type ConsumerInfo, TaskConsumers } from './consumer/task-consumers.service.js';
export type { BusyTask } from './consumer/worker-facts.js';
export { TaskCtx } from './decorators/task-ctx.decorator.js';
export { TaskData } from './decorators/task-data.decorator.js';
export {
  type DefinedHandlerOptions,
  TaskHandler,
  type TaskHandlerOptions,
} from './decorators/task-handler.decorator.js';
export { TaskSchedule, type TaskScheduleOptions } from './decorators/task-schedule.decorator.js';
export * from './definition/index.js';
export * from './errors/index.js';
export type { TaskEvent, TaskEventFacts, TaskEventOf, TaskEventType } from './events/task-event.js';
export { TaskEvents } from './events/task-events.js';
export { FailTask, RateLimited, RetryTask, SnoozeTask } from './handler/control-flow.js';
export { TaskContext } from './handler/task-context.js';
export { getTaskContext, getTaskContexts, isTaskContext } from './handler/task-host.js';
export type { TaskQueueHealthOptions } from './health/health-options.js';
export type { QueueHealth } from './health/queue-health.js';
export {
  RedisTaskQueueHealthIndicator,
  type TaskQueueHealth,
  type TaskQueueHealthResult,
} from './health/redis-task-queue-health.indicator.js';
export {
  getTaskConsumersToken,
  getTaskEventsToken,
  getTaskProducerToken,
  getTaskQueueAdminToken,
  getTaskQueueHealthToken,
  getTaskQueueMonitorToken,
  getTaskSchedulerToken,
  getTaskStatusServiceToken,
  InjectTaskConsumers,
  InjectTaskEvents,
  InjectTaskProducer,
  InjectTaskQueueAdmin,
  InjectTaskQueueHealth,
  InjectTaskQueueMonitor,
  InjectTaskScheduler,
  InjectTaskStatusService,
} from './module/instance-services.js';
export { RedisTaskQueueModule } from './module/redis-task-queue.module.js';
export { Histogram } from './monitor/histogram.js';
export { PROMETHEUS_CONTENT_TYPE } from './monitor/prometheus.js';
export type { HistoryPoint } from './monitor/queue-history.js';
export { type QueueLatency, TaskQueueMonitor } from './monitor/task-queue-monitor.service.js';
export type { WorkerInfo } from './monitor/worker-info.js';
export * from './options/index.js';
export type { AddedTask } from './producer/added-task.js';
export { type BulkRow, TaskProducer } from './producer/task-producer.service.js';
export type { ScheduleInfo } from './schedule/schedule-info.js';
export type { ScheduleDefinition, ScheduleTiming, TickOptions } from './schedule/schedule-options.js';
export { type ScheduleAddress, TaskScheduler } from './schedule/task-scheduler.service.js';
export type { CatchUp } from './schedule/tick-plan.js';
export type { QueueSnapshot, WatchQueueOptions } from './status/queue-snapshot.js';
export type { TaskLogLine, TaskLogOptions } from './status/task-log.js';
export type { AttemptFailure, TaskFailure, TaskStatus } from './status/task-status.js';
export { TaskStatusService } from './status/task-status.service.js';
