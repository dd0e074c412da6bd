import { HttpException, HttpStatus } from '@nestjs/common';
import { TaskRejectedError } from '../errors/index.js';
import type { HandlerContext } from '../handler/handler-context.js';

/** "Later, perhaps": what is worth another attempt although it is the caller who is blamed. */
const NOT_YET: ReadonlySet<number> = new Set([HttpStatus.REQUEST_TIMEOUT, 425, HttpStatus.TOO_MANY_REQUESTS]);

/**
 * Which tasks the guards and pipes of a handler have turned down. That is known by where it was thrown, and not by what was:
 * a handler that throws the same exception has perhaps got it from an upstream, and is tried again.
 */
export class HandlerRejections {
  private readonly byRun = new WeakMap<HandlerContext, TaskRejectedError>();

  /** Runs the guards, or the pipes, of a task. What is no rejection, a database that is down say, fails as everywhere. */
  async watch(by: 'guard' | 'pipe', context: HandlerContext, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (thrown) {
      if (isRejection(thrown)) this.byRun.set(context, new TaskRejectedError(by, thrown));
      throw thrown;
    }
  }

  /** What a run ends with: the rejection, unless an interceptor or filter has made something else of it. */
  verdict(context: HandlerContext, thrown: unknown): unknown {
    const rejection = this.byRun.get(context);
    return rejection && rejection.cause === thrown ? rejection : thrown;
  }
}

function isRejection(thrown: unknown): thrown is HttpException {
  if (!(thrown instanceof HttpException)) return false;
  const status = thrown.getStatus();
  return status >= 400 && status < 500 && !NOT_YET.has(status);
}
