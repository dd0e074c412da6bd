import 'reflect-metadata';
import { Test, type TestingModule } from '@nestjs/testing';
import { TaskProducer, TaskStatusService } from 'nestjs-redis-task-queue';
import { RedisTaskQueueTestingModule, TaskQueueTester } from 'nestjs-redis-task-queue/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppModule } from './app.module.js';
import { MailServer } from './mail-server.js';

/** A Sunday: the first report is due on the next morning. */
const NOW = new Date('2026-03-01T12:00:00Z');
const INVOICE = { number: 7, to: 'ann@example.org' };

/** Refuses as many mails as it is told to. */
class FlakyMailServer extends MailServer {
  refuses = 0;
  readonly sent: string[] = [];

  override async send(to: string, text: string): Promise<void> {
    if (this.refuses-- > 0) throw new Error('mailbox unavailable');
    this.sent.push(`${text} to ${to}`);
  }
}

const mail = new FlakyMailServer();
let app: TestingModule;
let tester: TaskQueueTester;

beforeEach(async () => {
  Object.assign(mail, { refuses: 0, sent: [] });
  const builder = Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(MailServer)
    .useValue(mail);
  app = await RedisTaskQueueTestingModule.replaceRedis(builder, { now: NOW }).compile();
  await app.init();
  tester = TaskQueueTester.of(app);
});

afterEach(() => app.close());

it('sends an invoice, and adds a reminder for two weeks later', async () => {
  await app.get(TaskProducer).add('invoice.send', INVOICE);
  expect(await tester.drain()).toMatchObject([{ state: 'completed', result: 'sent at attempt 1' }]);
  expect(mail.sent).toEqual(['invoice 7 to ann@example.org']);
  expect(tester.added('invoice.remind')).toMatchObject([{ data: INVOICE, delayMs: 14 * 86_400_000 }]);
});

it('tries again while the mail server is away', async () => {
  mail.refuses = 2;
  const { id } = await app.get(TaskProducer).add('invoice.send', INVOICE);
  expect(await tester.runNext()).toMatchObject({ state: 'retrying', error: { message: 'mailbox unavailable' } });
  expect((await tester.advance('3m')).map(({ state }) => state)).toEqual(['retrying', 'completed']);
  expect(await app.get(TaskStatusService).get(id)).toMatchObject({ state: 'completed', result: 'sent at attempt 3' });
});

it('gives up after four attempts', async () => {
  mail.refuses = Infinity;
  await app.get(TaskProducer).add('invoice.send', INVOICE);
  expect((await tester.advance('1h')).map(({ state }) => state)).toEqual([
    'retrying',
    'retrying',
    'retrying',
    'failed',
  ]);
  expect(tester.added('invoice.remind')).toEqual([]);
});

it('reports every Monday, in winter and in summer', async () => {
  const reports = (await tester.advance('35d')).filter(({ name }) => name === 'invoice.report');
  expect(reports.map(({ id }) => id.split('report:').at(-1))).toEqual([
    '2026-03-02T07:00:00.000Z',
    '2026-03-09T07:00:00.000Z',
    '2026-03-16T07:00:00.000Z',
    '2026-03-23T07:00:00.000Z',
    '2026-03-30T06:00:00.000Z',
  ]);
});
