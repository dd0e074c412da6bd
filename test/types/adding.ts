import { mailSchema, MailDto, producer, Remind, SendChecked, SendDto, SendMail, Tidy, Vague } from './tasks.js';
import { defineTask } from '../../lib/index.js';

const mail = { to: 'ann@example.org' };

export async function byDefinition(): Promise<void> {
  await producer.add(SendMail, mail);
  await producer.add(SendMail, { ...mail, subject: 'Hello' }, { delay: '1m', queue: 'other' });
  // @ts-expect-error: data of another type
  await producer.add(SendMail, { to: 5 });
  // @ts-expect-error: a property that it does not have
  await producer.add(SendMail, { to: 'ann@example.org', cc: 'bob@example.org' });
  // @ts-expect-error: no data
  await producer.add(SendMail);
  // @ts-expect-error: data are not optional
  await producer.add(SendMail, undefined);
  // @ts-expect-error: an option that add does not have
  await producer.add(SendMail, mail, { batch: { size: 2 } });

  await producer.add(Tidy);
  await producer.add(Tidy, null, { delay: '1m' });
  // @ts-expect-error: it has no data
  await producer.add(Tidy, mail);

  await producer.add(Vague);
  await producer.add(Vague, { anything: 1 });
}

export async function bySchema(): Promise<void> {
  await producer.add(Remind, { at: '2027-01-01T08:00:00Z' });
  await producer.add(Remind, { at: '2027-01-01T08:00:00Z', times: 2 });
  // @ts-expect-error: that is what arrives, not what is added
  await producer.add(Remind, { at: new Date() });
  await producer.add(SendChecked, mail);
  // @ts-expect-error: data of another type
  await producer.add(SendChecked, { too: 'ann@example.org' });
  await producer.add(SendDto, mail);
  await producer.add(SendDto, new MailDto());
  // @ts-expect-error: data of another type
  await producer.add(SendDto, { to: 5 });
}

export async function byName(name: string, either: 'types.augmented' | 'types.no-result'): Promise<void> {
  await producer.add('types.augmented', mail, { priority: 1 });
  // @ts-expect-error: data of another type
  await producer.add('types.augmented', { to: 5 });
  // @ts-expect-error: no data
  await producer.add('types.augmented');
  await producer.add('types.no-result', 5);
  // @ts-expect-error: data of another type
  await producer.add('types.no-result', 'five');
  await producer.add('types.no-data');
  await producer.add('types.no-data', mail);
  await producer.add('types.unknown');
  await producer.add('types.unknown', 5, { id: 'mine' });
  // @ts-expect-error: an option that add does not have
  await producer.add('types.unknown', 5, { atempts: 3 });
  await producer.add(name, mail);
  await producer.add(either, mail);
  // @ts-expect-error: neither a name nor a definition
  await producer.add({ name: 'types.unknown' }, mail);
}

export async function inBulk(): Promise<void> {
  await producer.addBulk([SendMail.row(mail), Tidy.row(), { name: 'types.unknown', data: 5, delay: 10 }]);
  await producer.addBulk(['ann', 'bob'].map((to) => SendMail.row({ to }, { group: to })));
  // @ts-expect-error: data of another type
  SendMail.row({ to: 5 });
  // @ts-expect-error: no data
  SendMail.row();
  // @ts-expect-error: an option that add does not have
  SendMail.row(mail, { atempts: 3 });
  // @ts-expect-error: nobody has checked these data
  await producer.addBulk([{ task: SendMail, data: 5, options: undefined }]);
}

export function defining(): void {
  defineTask<string, number>('types.a', {
    attempts: 3,
    backoff: (attempt) => attempt * 1_000,
    rate: { max: 1, per: '1s' },
  });
  // @ts-expect-error: it is the handler that takes batches
  defineTask('types.b', { batch: { size: 2 } });
  // @ts-expect-error: an option that it does not have
  defineTask('types.c', { atempts: 3 });
  // @ts-expect-error: no schema
  defineTask('types.d', { schema: { type: 'object' } });
  // @ts-expect-error: a schema of other data
  defineTask<{ to: number }, void>('types.e', { schema: mailSchema });
}
