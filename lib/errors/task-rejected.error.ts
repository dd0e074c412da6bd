import { HttpException } from '@nestjs/common';
import { TaskQueueError } from './task-queue.error.js';

/**
 * A guard, a pipe or the schema of its data turned the task down before its handler began, and would do so again: the task is a dead letter at once,
 * with this as its error. What they threw is the `cause`.
 */
export class TaskRejectedError extends TaskQueueError {
  readonly code = 'TASK_REJECTED';

  constructor(
    readonly by: 'guard' | 'pipe' | 'schema',
    exception: Error,
  ) {
    super(`A ${by} turned the task down: ${exception.name}: ${reasonOf(exception)}`, { cause: exception });
    // Where that stands is of use, and not where it was noticed.
    if (exception.stack !== undefined) this.stack = exception.stack;
  }
}

/** A ValidationPipe says what is wrong in the response only. */
function reasonOf(exception: Error): string {
  if (!(exception instanceof HttpException)) return exception.message;
  const response = exception.getResponse();
  const message = typeof response === 'object' ? (response as { message?: unknown }).message : response;
  if (Array.isArray(message)) return message.join('; ');
  if (typeof message === 'object' && message !== null) return JSON.stringify(message);
  return typeof message === 'string' ? message : exception.message;
}
