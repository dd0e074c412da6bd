import { Injectable, type Type } from '@nestjs/common';
import { TaskContext, TaskHandler } from '../../lib/index.js';

/** A provider that handles task `work` on one queue. */
export function workHandler<T>(
  handle: (data: T, task: TaskContext) => unknown,
  { queue = 'default' }: { queue?: string } = {},
): Type {
  @Injectable()
  class Work {
    @TaskHandler('work', { queue })
    work(data: T, task: TaskContext): unknown {
      return handle(data, task);
    }
  }
  return Work;
}
