import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type TaskContext, TaskHandler } from 'nestjs-redis-task-queue';
import type { Email } from './email.js';

export const EMAIL_QUEUE = 'email';
export const SEND_EMAIL = 'email.send';

const STEP_MS = 250;
const STEPS = [
  [25, 'looking for the mail server'],
  [50, 'saying hello'],
  [75, 'handing over'],
] as const;

/** The result of a task. */
export interface Receipt extends Email {
  messageId: string;
}

/** Only pretends to send: it takes a second, and fails for addresses that end in `.invalid`. */
@Injectable()
export class EmailTasks {
  @TaskHandler(SEND_EMAIL, { queue: EMAIL_QUEUE })
  async send({ to, subject }: Email, task: TaskContext): Promise<Receipt> {
    for (const [percent, step] of STEPS) {
      task.log(step);
      await sleep(STEP_MS, undefined, { signal: task.signal });
      task.progress(percent);
    }
    await sleep(STEP_MS, undefined, { signal: task.signal });
    if (to.endsWith('.invalid')) throw new Error(`There is no mail server for ${to}`);
    task.progress(100);
    return { messageId: `<${randomUUID()}@example.org>`, to, subject };
  }
}
