import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';

const inside = new AsyncLocalStorage<true>();

/** Whether whoever asks was called by a handler, directly or not: such a one must not wait for other tasks to run. */
export function isInsideHandler(): boolean {
  return inside.getStore() === true;
}

/** Finds handlers, and notes of each call that it comes from there. */
@Injectable()
export class MarkingExplorer extends TaskHandlerExplorer {
  override explore(...args: Parameters<TaskHandlerExplorer['explore']>): TaskHandlerEntry[] {
    return super.explore(...args).map((entry) => ({
      ...entry,
      invoke: (data, context) => inside.run(true, () => entry.invoke(data, context)),
    }));
  }
}
