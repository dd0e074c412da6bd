/** What the files beside this one are about. It is enough that they compile, and that they do not where it is expected not to. */
import { IsEmail, IsOptional, IsString } from 'class-validator';
import { z } from 'zod';
import { defineTask, TaskHandler, TaskProducer, TaskScheduler, TaskStatusService } from '../../lib/index.js';

export interface Mail {
  to: string;
  subject?: string;
}

export interface Receipt {
  messageId: string;
}

export const SendMail = defineTask<Mail, Receipt>('mail.send', { queue: 'mail', attempts: 5 });
export const Tidy = defineTask<null, void>('tidy');
export const Vague = defineTask('vague');

/** What is added and what arrives differ. */
export const Remind = defineTask('remind', {
  schema: z.object({ at: z.iso.datetime().transform((text) => new Date(text)), times: z.number().default(1) }),
});

export const mailSchema = z.object({ to: z.email() });
export const SendChecked = defineTask<typeof mailSchema, Receipt>('mail.checked', { schema: mailSchema });

export class MailDto {
  @IsEmail()
  to!: string;

  @IsString()
  @IsOptional()
  subject?: string;

  domain(): string {
    return this.to.split('@')[1] ?? '';
  }
}

export const SendDto = defineTask<typeof MailDto, Receipt>('mail.dto', { schema: MailDto, queue: 'mail' });

declare module '../../lib/index.js' {
  interface TaskTypes {
    'types.augmented': { data: Mail; result: Receipt };
    'types.no-result': { data: number };
    'types.no-data': { result: string };
  }
}

export declare const producer: TaskProducer;
export declare const statuses: TaskStatusService;
export declare const scheduler: TaskScheduler;
export { TaskHandler };
