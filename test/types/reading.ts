import type { TaskStatus } from '../../lib/index.js';
import { type Receipt, Remind, SendDto, SendMail, statuses } from './tasks.js';

export async function results(id: string): Promise<void> {
  const typed: TaskStatus<Receipt> | null = await statuses.get(SendMail, id);
  const messageId: string | undefined = typed?.result?.messageId;
  (await statuses.get(SendDto, id))?.result?.messageId.trim();
  // @ts-expect-error: there may be no such task
  (await statuses.get(SendMail, id)).state.trim();
  // @ts-expect-error: it may have no result (yet)
  (await statuses.get(SendMail, id))?.result.messageId.trim();
  // @ts-expect-error: another result
  (await statuses.get(SendMail, id))?.result?.id.trim();
  // @ts-expect-error: nobody has said what it returns
  (await statuses.get(Remind, id))?.result?.trim();
  // @ts-expect-error: the same
  (await statuses.get(id))?.result?.messageId;
  // @ts-expect-error: the id is missing
  await statuses.get(SendMail);
  const untyped: TaskStatus | null = typed;
  const receipt: Receipt = await statuses.wait(SendMail, id, { timeout: '1s' });
  // @ts-expect-error: another result
  (await statuses.wait(SendMail, id)).id.trim();
  // @ts-expect-error: nobody has said what it returns
  (await statuses.wait(id, { timeout: '1s' })).messageId;
  // @ts-expect-error: the id is missing
  await statuses.wait(SendMail, { timeout: '1s' });
  console.log(messageId, untyped, receipt);
}
