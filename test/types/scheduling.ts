import { scheduler, SendMail, Tidy, Vague } from './tasks.js';

const mail = { to: 'ann@example.org' };
const daily = { cron: '0 8 * * *' };

export async function byDefinition(): Promise<void> {
  await scheduler.upsert('a', { ...daily, task: SendMail, data: mail, timezone: 'Europe/Berlin' });
  await scheduler.upsert('a', { every: '1h', task: Tidy });
  await scheduler.upsert('a', { every: '1h', task: Vague, data: 1 });
  // @ts-expect-error: data of another type
  await scheduler.upsert('a', { ...daily, task: SendMail, data: { to: 5 } });
  // @ts-expect-error: no data
  await scheduler.upsert('a', { ...daily, task: SendMail });
  // @ts-expect-error: it has no data
  await scheduler.upsert('a', { every: '1h', task: Tidy, data: mail });
}

export async function byName(name: string): Promise<void> {
  await scheduler.upsert('a', { ...daily, task: 'types.augmented', data: mail });
  // @ts-expect-error: data of another type
  await scheduler.upsert('a', { ...daily, task: 'types.augmented', data: 5 });
  await scheduler.upsert('a', { ...daily, task: 'types.unknown', data: 5 });
  await scheduler.upsert('a', { ...daily, task: name });
}
