import type { ExceptionFilter } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/constants.js';
import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import type { ContextCreator } from '@nestjs/core/helpers/context-creator.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { lastOf } from '../consumer/observed.js';
import { isControlFlow } from '../handler/control-flow.js';
import type { HandlerContext } from '../handler/handler-context.js';
import { TASK_CONTEXT_TYPE } from '../handler/task-host.js';
import type { HandlerSite } from './handler-site.js';

type ExceptionType = new (...args: never) => unknown;

/** What Nest knows of a filter. */
interface Filter {
  func: ExceptionFilter['catch'];
  exceptionMetatypes: ExceptionType[];
}

/**
 * The exception filters of a handler. Nest has a class for this as well, but one that enters in the log whatever it throws on,
 * which the worker does already; what it makes of a filter that returns nothing has changed between its versions; and it takes
 * the promise of an async filter for a result, so that one which only looks would make a failed task a completed one.
 */
export class HandlerFilters {
  private constructor(
    private readonly site: HandlerSite,
    /** The first one that wants an exception gets it: that of the method before that of the class, then what is global. */
    private readonly filters: readonly Filter[],
  ) {}

  /** @param creator that has made the call for which they are */
  static of(
    site: HandlerSite,
    creator: ExternalContextCreator,
    instance: object,
    contextId: ContextId | undefined,
    inquirerId: string | undefined,
  ): HandlerFilters {
    const nest = creator['filtersContextCreator'] as ContextCreator;
    const { method } = site;
    const found = nest.createContext<unknown[], Filter[]>(
      instance,
      method,
      EXCEPTION_FILTERS_METADATA,
      contextId,
      inquirerId,
    );
    return new HandlerFilters(site, found.reverse());
  }

  /**
   * @returns what the filter makes of it: the result of the task
   * @throws what was thrown, if it says how the task goes on, if no filter wants it, or if the one that does returns
   *   `undefined` or a promise of it; or what that one throws
   */
  async handle(thrown: unknown, data: unknown, context: HandlerContext): Promise<unknown> {
    if (isControlFlow(thrown)) throw thrown;
    const found = this.filters.find(
      ({ exceptionMetatypes: types }) => types.length === 0 || types.some((type) => thrown instanceof type),
    );
    const host = new ExecutionContextHost([data, context], this.site.instance.constructor as never, this.site.method);
    host.setType(TASK_CONTEXT_TYPE);
    let result: unknown;
    try {
      result = await lastOf(await found?.func(thrown, host), context);
    } catch (instead) {
      throw causedBy(instead, thrown);
    }
    if (result === undefined) throw thrown;
    return result;
  }
}

/** What a filter throws takes the place of what it caught; but the status and the log are to tell of both. */
function causedBy(instead: unknown, thrown: unknown): unknown {
  if (instead !== thrown && instead instanceof Error && instead.cause === undefined && Object.isExtensible(instead)) {
    instead.cause = thrown;
  }
  return instead;
}
