import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { HandlerContext } from '../handler/handler-context.js';
import { isTaskContext } from '../handler/task-host.js';

/** By this the parameter is known: no pipe gets to see it. */
export const TASK_CTX = Object.freeze({ parameter: 'TaskContext' });

const parameter = createParamDecorator((_mark: typeof TASK_CTX, host: ExecutionContext) =>
  isTaskContext(host) ? host.getArgByIndex<HandlerContext>(1) : undefined,
);

/**
 * The `TaskContext` of the task, of a batch handler the array of them; `undefined` where the method serves something else, as a
 * route. No pipe gets to see it.
 */
export function TaskCtx(): ParameterDecorator {
  return parameter(TASK_CTX);
}
