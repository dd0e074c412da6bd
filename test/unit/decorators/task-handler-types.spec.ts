import { type Observable, of } from 'rxjs';
import { expect, it } from 'vitest';
import { TaskContext, TaskHandler } from '../../../lib/index.js';
import { taskHandlerMetadata } from '../../../lib/decorators/task-handler.decorator.js';

interface Mail {
  to: string;
}

/** It is enough that this compiles, and that it does not where it is expected not to. */
class Tasks {
  @TaskHandler('a', { batch: { size: 2 } })
  returnsNothing(_mails: Mail[], _tasks: TaskContext[]): void {}

  @TaskHandler('b', { batch: { size: 2 } })
  async returnsResults(mails: readonly Mail[]): Promise<string[]> {
    return mails.map(({ to }) => to);
  }

  @TaskHandler('c', { batch: { size: 2 } })
  returnsObservable(mails: Mail[]): Observable<Mail[]> {
    return of(mails);
  }

  @TaskHandler('d', { batch: { size: 2 } })
  async returnsSomeErrors(mails: Mail[]): Promise<(Error | undefined)[] | undefined> {
    return mails.length > 1 ? mails.map(() => new Error('no')) : undefined;
  }

  // @ts-expect-error: the data of one task
  @TaskHandler('e', { batch: { size: 2 } })
  takesOne(_mail: Mail): void {}

  // @ts-expect-error: the context of one task
  @TaskHandler('f', { batch: { size: 2 } })
  takesOneContext(_mails: Mail[], _task: TaskContext): void {}

  // @ts-expect-error: one result for all
  @TaskHandler('g', { batch: { size: 2 } })
  async returnsOne(mails: Mail[]): Promise<number> {
    return mails.length;
  }

  @TaskHandler('h')
  takesOneWithoutBatches(_mail: Mail, _task: TaskContext): void {}
}

it('what a decorator says of batches stands on the method', () => {
  const methods = Tasks.prototype as unknown as Record<string, object>;
  expect(taskHandlerMetadata(methods['returnsNothing']!)).toMatchObject([
    { name: 'a', batch: { size: 2, maxWaitMs: 0 } },
  ]);
  expect(taskHandlerMetadata(methods['takesOneWithoutBatches']!)).toMatchObject([{ name: 'h', batch: undefined }]);
});
