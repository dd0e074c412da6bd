import type { ExceptionFilter } from '@nestjs/common';
import { FILTER_CATCH_EXCEPTIONS } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { isControlFlow } from '../handler/control-flow.js';
import { lastOf } from '../handler/last-of.js';
import type { HandlerContext } from '../handler/handler-context.js';
import { TASK_CONTEXT_TYPE } from '../handler/task-host.js';
import type { HandlerSite } from './handler-site.js';

type ExceptionType = new (...args: never) => unknown;

/**
 * The exception filters of a handler. Nest has a class for this as well, but one that enters in the log whatever it throws on,
 * which the worker does already; what it makes of a filter that returns nothing has changed between its versions; and it takes
 * the promise of an async filter for a result, so that one which only looks would make a failed task a completed one.
 */
export class HandlerFilters {
  /** The first one that wants an exception gets it: that of the method before that of the class, then what is global. */
  private readonly filters: { apply: ExceptionFilter['catch']; types: ExceptionType[] }[];

  /** @param filters from the outside in */
  constructor(
    private readonly site: HandlerSite,
    filters: ExceptionFilter[],
  ) {
    this.filters = filters
      .filter((filter) => typeof filter.catch === 'function')
      .map((filter) => ({ apply: filter.catch.bind(filter), types: typesOf(filter) }))
      .reverse();
  }

  /**
   * @returns what the filter makes of it: the result of the task
   * @throws what was thrown, if it says how the task goes on, if no filter wants it, or if the one that does returns
   *   `undefined` or a promise of it; or what that one throws
   */
  async handle(thrown: unknown, data: unknown, context: HandlerContext): Promise<unknown> {
    if (isControlFlow(thrown)) throw thrown;
    const found = this.filters.find(({ types }) => types.length === 0 || types.some((type) => thrown instanceof type));
    const host = new ExecutionContextHost([data, context], this.site.instance.constructor as never, this.site.method);
    host.setType(TASK_CONTEXT_TYPE);
    const result: unknown = await lastOf(await found?.apply(thrown, host));
    if (result === undefined) throw thrown;
    return result;
  }
}

/** What `@Catch` says: no type at all is every type. */
function typesOf(filter: ExceptionFilter): ExceptionType[] {
  const types = [Object.getPrototypeOf(filter) as object, filter.constructor].map(
    (owner) => Reflect.getMetadata(FILTER_CATCH_EXCEPTIONS, owner) as ExceptionType[] | undefined,
  );
  return types.find((found) => found !== undefined) ?? [];
}
