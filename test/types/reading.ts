import type { TaskStatus } from '../../lib/index.js';
import { type Receipt, Remind, SendDto, SendMail, statuses } from './tasks.js';

declare function takes<T>(value: T): void;

export async function statusOf(id: string): Promise<void> {
  takes<TaskStatus<Receipt> | null>(await statuses.get(SendMail, id));
  takes<TaskStatus<Receipt> | null>(await statuses.get(SendDto, id));
  takes<TaskStatus | null>(await statuses.get(SendMail, id));
  takes<Receipt | null | undefined>((await statuses.get(SendMail, id))?.result);
  // @ts-expect-error: there may be no such task
  takes<TaskStatus<Receipt>>(await statuses.get(SendMail, id));
  // @ts-expect-error: it may have no result (yet)
  takes<Receipt | undefined>((await statuses.get(SendMail, id))?.result);
  // @ts-expect-error: another result
  takes<TaskStatus<string> | null>(await statuses.get(SendMail, id));
  // @ts-expect-error: nobody has said what it returns
  takes<TaskStatus<string> | null>(await statuses.get(Remind, id));
  // @ts-expect-error: the same
  takes<TaskStatus<Receipt> | null>(await statuses.get(id));
  // @ts-expect-error: the id is missing
  await statuses.get(SendMail);
}

export async function resultOf(id: string): Promise<void> {
  takes<Receipt>(await statuses.wait(SendMail, id, { timeout: '1s' }));
  // @ts-expect-error: another result
  takes<string>(await statuses.wait(SendMail, id));
  // @ts-expect-error: nobody has said what it returns
  takes<Receipt>(await statuses.wait(id, { timeout: '1s' }));
  // @ts-expect-error: the id is missing
  await statuses.wait(SendMail, { timeout: '1s' });
}
