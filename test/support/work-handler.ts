import { Injectable, type Type } from '@nestjs/common';
import { TaskContext, TaskHandler, type TaskHandlerOptions } from '../../lib/index.js';

/** A provider that handles task `work` on one queue. */
export function workHandler<T>(
  handle: (data: T, task: TaskContext) => unknown,
  options: TaskHandlerOptions = {},
): Type {
  @Injectable()
  class Work {
    @TaskHandler('work', options)
    work(data: T, task: TaskContext): unknown {
      return handle(data, task);
    }
  }
  return Work;
}
