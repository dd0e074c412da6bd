import type { TaskProducer } from '../producer/task-producer.service.js';
import { isInsideHandler } from './inside-handlers.js';

/** From now on whoever adds something waits until it has run, unless that is a handler: others run after it. */
export function runInline(producer: TaskProducer, run: () => Promise<unknown>): void {
  producer.add = thenRun(producer.add.bind(producer), run);
  producer.addBulk = thenRun(producer.addBulk.bind(producer), run);
}

function thenRun<Add extends (...args: never[]) => Promise<unknown>>(add: Add, run: () => Promise<unknown>): Add {
  const addAndRun = async (...args: Parameters<Add>): Promise<unknown> => {
    const added = await add(...args);
    if (!isInsideHandler()) await run();
    return added;
  };
  return addAndRun as Add;
}
