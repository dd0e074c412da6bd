import { TaskContext } from './task-context.js';

/** What a handler gets beside its data: a context, or, as a batch handler, one for each task of the batch. */
export type HandlerContext = TaskContext | readonly TaskContext[];

function isOfBatch(context: HandlerContext): context is readonly TaskContext[] {
  return Array.isArray(context);
}

/** One or more of them, as an array. */
export function contextsOf(context: HandlerContext): readonly TaskContext[] {
  return isOfBatch(context) ? context : [context];
}

/**
 * For what stands around a handler and takes its time: a batch need not begin any more where that goes for all of its tasks.
 * @throws the reason of the (first) signal
 */
export function throwIfOver(context: HandlerContext): void {
  if (!isOfBatch(context)) context.throwIfOver();
  else if (context.every(({ isOver }) => isOver)) context[0]?.throwIfOver();
}

/** Whether an argument of a call is such a context. */
export function isHandlerContext(argument: unknown): argument is HandlerContext {
  return (Array.isArray(argument) ? (argument as unknown[])[0] : argument) instanceof TaskContext;
}
