import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { workerIds } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workerProcesses } from '../support/worker-processes.js';

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-paused-worker', target);
const OPTIONS = { lease: 1_000, defaults: { concurrency: 10 } };

it('a worker that was paused for longer than its lease neither spoils what others ran nor stays away', async () => {
  const { journal } = workers;
  const { producer, status } = await startApp({ redis: target.url });
  const paused = await workers.start('paused', OPTIONS);
  // Of some the late outcome comes at once when it wakes up, of others only when it has noticed what happened.
  const rows = ['at-once-%', 'at-once-%', 'much-later-%', 'much-later-%'].map((gate) => ({
    name: 'hold',
    data: { gate, deaf: true },
  }));
  const ids = (await producer.addBulk(rows)).map(({ id }) => id);
  await eventually(async () => (await journal.read('began', 'paused')).length === rows.length);
  const other = await workers.start('other', OPTIONS);

  paused.process.kill('SIGSTOP');
  await eventually(async () => (await journal.read('began', 'other')).length === rows.length);
  for (const gate of ['at-once-paused', 'at-once-other', 'much-later-other']) await journal.open(gate);
  const statuses = await allCompleted(status, ids);
  expect(statuses.map(({ attempt, result }) => [attempt, result])).toEqual(Array(rows.length).fill([2, 'other']));
  expect(await workerIds(target.redis)).toEqual([other.id]);

  paused.process.kill('SIGCONT');
  await eventually(async () => (await workerIds(target.redis)).includes(`${paused.id}-2`));
  // Whatever was still running is told.
  const late = ids.slice(2);
  await eventually(async () => (await journal.read('aborted', 'paused')).length >= late.length);
  expect((await journal.read('aborted', 'paused')).map(({ id }) => id)).toEqual(expect.arrayContaining(late));
  await journal.open('much-later-paused');
  await eventually(async () => (await journal.read('ended', 'paused')).length === rows.length);

  // It works on, under its new name; once it has settled this, it has said all that it had to say.
  other.process.kill('SIGTERM');
  await other.exit;
  const { id } = await producer.add('work', { ms: 0 });
  const [last] = await allCompleted(status, [id]);
  expect(last).toMatchObject({ attempt: 1, result: 'paused' });
  expect(await workerIds(target.redis)).toEqual([`${paused.id}-2`]);
  expect(await status.getMany(ids)).toEqual(statuses);
});
