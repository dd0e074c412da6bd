import { Injectable } from '@nestjs/common';
import { type TaskContext, TaskHandler, TaskProducer, TaskSchedule } from 'nestjs-redis-task-queue';
import { MailServer } from './mail-server.js';

export interface Invoice {
  number: number;
  to: string;
}

/** What becomes of an invoice: it is sent, and its recipient reminded of it. */
@Injectable()
export class InvoiceTasks {
  constructor(
    private readonly mail: MailServer,
    private readonly producer: TaskProducer,
  ) {}

  /** The mail server is not always there: up to four attempts, 1, 2 and 4 minutes apart. */
  @TaskHandler('invoice.send', { attempts: 4, backoff: { type: 'exponential', delay: '1m' } })
  async send(invoice: Invoice, { attempt }: TaskContext): Promise<string> {
    await this.mail.send(invoice.to, `invoice ${invoice.number}`);
    await this.producer.add('invoice.remind', invoice, { delay: '14d' });
    return `sent at attempt ${attempt}`;
  }

  @TaskHandler('invoice.remind')
  async remind({ number, to }: Invoice): Promise<void> {
    await this.mail.send(to, `reminder of invoice ${number}`);
  }

  /** Every Monday at eight in Berlin. */
  @TaskHandler('invoice.report')
  @TaskSchedule('0 8 * * 1', { timezone: 'Europe/Berlin', data: { to: 'office@example.org' } })
  async report({ to }: { to: string }): Promise<void> {
    await this.mail.send(to, 'report of the week');
  }
}
