/**
 * Every code that an error of this library can carry. Codes are stable: match on them, not on messages.
 *
 * | code | when |
 * |---|---|
 * | `INVALID_OPTIONS` | an option is wrong: of the module (thrown at start), a decorator, a call, or a thrown `RetryTask`, `SnoozeTask` or `RateLimited` |
 * | `INVALID_NAME` | a task name is empty, too long or has control characters |
 * | `INVALID_QUEUE` | a queue name is not `[A-Za-z0-9_.-]{1,64}` |
 * | `INVALID_ID` | a task id is empty, longer than 256 bytes or not text |
 * | `INVALID_DATA` | JSON cannot carry the value: a BigInt, a cycle, a function; `pushPlain`: it is no text |
 * | `INVALID_CURSOR` | a cursor of `TaskQueueAdmin.list` is none, or one of another queue or state |
 * | `INVALID_TASK_DATA` | the schema of a task does not accept its data, or those of a schedule |
 * | `DATA_TOO_LARGE` | encoded data are longer than `maxDataBytes` |
 * | `AMBIGUOUS_QUEUE` | `add`, or a plain list, named no queue, and handlers of that name stand on several |
 * | `AMBIGUOUS_SCHEDULE` | a call named no queue, and schedules of that name stand on several |
 * | `DUPLICATE_HANDLER` | two handlers for one task name on one queue; thrown at start |
 * | `UNSUPPORTED_HANDLER` | a handler stands where it cannot be called; thrown at start |
 * | `UNKNOWN_INSTANCE` | a handler or a `forFeature` belongs to an instance that is not imported; thrown at start |
 * | `DUPLICATE_INSTANCE` | two imports of the module have one name; thrown at start |
 * | `SHARED_QUEUE` | two instances work on one queue with the same `redis` and `prefix`; thrown at start |
 * | `CONFLICTING_OPTIONS` | two `forFeature` say different things of one queue or task name; thrown at start |
 * | `INVALID_SCHEDULE` | a schedule that cannot be kept: no cron expression, no time zone, options that contradict each other |
 * | `TOO_MANY_SCHEDULES` | a queue has 10,000 schedules already |
 * | `REDIS_UNAVAILABLE` | Redis did not answer in time; whether a write arrived is unknown |
 * | `REDIS_REFUSED` | Redis answered with an error, for instance out of memory |
 * | `LAYOUT_MISMATCH` | the keys of a queue were written by a version that this one cannot read |
 * | `QUEUE_FULL` | as many tasks wait as `maxLength` allows |
 * | `TASK_TIMEOUT` | an attempt took longer than its `timeout` |
 * | `TASK_FAILED` | `wait`: the task is a dead letter |
 * | `TASK_CANCELLED` | `wait`: the task was cancelled |
 * | `TASK_NOT_FOUND` | `wait`: there is no status (any more) |
 * | `TASK_WAIT_TIMEOUT` | `wait`: the task has not ended in time |
 * | `WATCH_CLOSED` | `watch` and `wait`: the application shuts down |
 * | `INVALID_BATCH_RESULT` | a batch handler returned neither nothing nor an array with a result for each task |
 * | `TASK_REJECTED` | a guard, a pipe or the schema of its data turned a task down, for good |
 * | `NOT_A_TASK` | `getTaskContext` was asked for the task of something else: a request, or a batch of tasks |
 * | `NOT_A_PLAIN_STATUS` | `getPlain` and `setPlain`: somebody keeps something else than text under that key |
 * | `UNKNOWN_QUEUE` | `TaskConsumers` was asked for a queue that this process does not work on |
 * | `CONSUMERS_CLOSED` | consumers were to start after shutdown has begun |
 * | `PRODUCER_CLOSED` | `add` was called after shutdown |
 * | `PRODUCER_OVERLOADED` | more data wait to be sent than the producer may hold |
 * | `BULK_INCOMPLETE` | a part of an `addBulk` could not be sent; the error says which rows were accepted |
 * | `NOT_IN_MEMORY` | `nestjs-redis-task-queue/testing`: the broker in memory cannot do that, `repair` for instance |
 * | `TESTER_MISUSED` | the same: `TaskQueueTester` was asked for what it cannot do; the message says what to do |
 * | `REDIS_SERVER_NOT_FOUND` | `nestjs-redis-task-queue/testing`: there is no `redis-server` binary to start |
 * | `REDIS_SERVER_NOT_STARTED` | the same: there is one, but no server answers; the message tells why |
 */
export type TaskQueueErrorCode =
  | 'INVALID_OPTIONS'
  | 'INVALID_NAME'
  | 'INVALID_QUEUE'
  | 'INVALID_ID'
  | 'INVALID_CURSOR'
  | 'INVALID_DATA'
  | 'INVALID_TASK_DATA'
  | 'DATA_TOO_LARGE'
  | 'AMBIGUOUS_QUEUE'
  | 'AMBIGUOUS_SCHEDULE'
  | 'DUPLICATE_HANDLER'
  | 'UNSUPPORTED_HANDLER'
  | 'UNKNOWN_INSTANCE'
  | 'DUPLICATE_INSTANCE'
  | 'SHARED_QUEUE'
  | 'CONFLICTING_OPTIONS'
  | 'INVALID_SCHEDULE'
  | 'TOO_MANY_SCHEDULES'
  | 'REDIS_UNAVAILABLE'
  | 'REDIS_REFUSED'
  | 'LAYOUT_MISMATCH'
  | 'QUEUE_FULL'
  | 'TASK_TIMEOUT'
  | 'TASK_FAILED'
  | 'TASK_CANCELLED'
  | 'TASK_NOT_FOUND'
  | 'TASK_WAIT_TIMEOUT'
  | 'WATCH_CLOSED'
  | 'INVALID_BATCH_RESULT'
  | 'TASK_REJECTED'
  | 'NOT_A_TASK'
  | 'NOT_A_PLAIN_STATUS'
  | 'UNKNOWN_QUEUE'
  | 'CONSUMERS_CLOSED'
  | 'PRODUCER_CLOSED'
  | 'PRODUCER_OVERLOADED'
  | 'BULK_INCOMPLETE'
  | 'NOT_IN_MEMORY'
  | 'TESTER_MISUSED'
  | 'REDIS_SERVER_NOT_FOUND'
  | 'REDIS_SERVER_NOT_STARTED';

/** The base of everything that this library throws at its users. */
export abstract class TaskQueueError extends Error {
  abstract readonly code: TaskQueueErrorCode;

  override get name(): string {
    return this.constructor.name;
  }
}
