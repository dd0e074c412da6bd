import type { ArgumentsHost } from '@nestjs/common';
import { NotATaskError } from '../errors/index.js';
import { TaskContext } from './task-context.js';

/** What `getType()` answers in guards, interceptors, filters and parameter decorators of a handler. */
export const TASK_CONTEXT_TYPE = 'task';

/**
 * Whether a guard, interceptor, filter or parameter decorator was called for a task: for code that serves requests as well.
 *
 * @example
 * canActivate(context: ExecutionContext): boolean {
 *   if (isTaskContext(context)) return true;
 *   return this.isSignedIn(context.switchToHttp().getRequest());
 * }
 */
export function isTaskContext(host: ArgumentsHost): boolean {
  return host.getArgByIndex<unknown>(1) instanceof TaskContext;
}

/**
 * The task that a guard, interceptor, filter or parameter decorator was called for: the very object that the handler gets.
 * Its data are `host.getArgByIndex(0)`.
 *
 * @throws NotATaskError `NOT_A_TASK` where `isTaskContext` is false
 */
export function getTaskContext(host: ArgumentsHost): TaskContext {
  if (!isTaskContext(host)) throw new NotATaskError(host.getType<string>());
  return host.getArgByIndex<TaskContext>(1);
}
