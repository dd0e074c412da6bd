import type { ArgumentsHost } from '@nestjs/common';
import { NotATaskError } from '../errors/index.js';
import { contextsOf, type HandlerContext, isHandlerContext } from './handler-context.js';
import { TaskContext } from './task-context.js';

/** What `getType()` answers in guards, interceptors, filters and parameter decorators of a handler. */
export const TASK_CONTEXT_TYPE = 'task';

/**
 * Whether a guard, interceptor, filter or parameter decorator was called for a task, or a batch of them: for code that serves
 * requests as well.
 *
 * @example
 * canActivate(context: ExecutionContext): boolean {
 *   if (isTaskContext(context)) return true;
 *   return this.isSignedIn(context.switchToHttp().getRequest());
 * }
 */
export function isTaskContext(host: ArgumentsHost): boolean {
  return isHandlerContext(host.getArgByIndex<unknown>(1));
}

/**
 * The task that a guard, interceptor, filter or parameter decorator was called for: the very object that the handler gets.
 * Its data are `host.getArgByIndex(0)`. For what stands around batch handlers there is `getTaskContexts`.
 *
 * @throws NotATaskError `NOT_A_TASK` where `isTaskContext` is false, and around a batch handler, though its batch be of one task
 */
export function getTaskContext(host: ArgumentsHost): TaskContext {
  const context = handlerContext(host);
  if (context instanceof TaskContext) return context;
  throw new NotATaskError('it is a batch of tasks. Ask getTaskContexts(host).');
}

/**
 * The tasks that a guard, interceptor, filter or parameter decorator was called for: of a batch all of them, in the order of their
 * data, `host.getArgByIndex(0)`; else one.
 *
 * @throws NotATaskError `NOT_A_TASK` where `isTaskContext` is false
 */
export function getTaskContexts(host: ArgumentsHost): readonly TaskContext[] {
  return contextsOf(handlerContext(host));
}

function handlerContext(host: ArgumentsHost): HandlerContext {
  if (!isTaskContext(host)) {
    throw new NotATaskError(`its context type is "${host.getType<string>()}". Ask isTaskContext(host) first.`);
  }
  return host.getArgByIndex<HandlerContext>(1);
}
