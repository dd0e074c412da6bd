import { expect, it } from 'vitest';
import { type TaskContext, type TaskHandlerOptions, TaskTimeoutError } from '../../../lib/index.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('timeouts');

async function start(
  handle: (data: unknown, task: TaskContext) => unknown,
  options: TaskHandlerOptions,
  concurrency = 10,
): Promise<TestApp> {
  const module = { redis: fixture.url, prefix: fixture.prefix, defaults: { concurrency } };
  return startApp(module, [workHandler(handle, options)]);
}

it('aborts the signal, with a reason that names the timeout', async () => {
  const reasons: unknown[] = [];
  const app = await start(
    (_data, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason as Error);
        });
      }),
    { timeout: 20 },
  );
  const { id } = await app.producer.add('work');
  expect((await reaches(app.status, id, 'failed')).error).toMatchObject({ name: 'TaskTimeoutError' });
  expect(reasons).toEqual([expect.any(TaskTimeoutError)]);
});

it('fails the attempt of a handler that ignores its signal, frees its slot, and ignores what it returns later', async () => {
  const gate = new Latch();
  const late = new Latch();
  const app = await start(
    async (_data, { attempt }) => {
      if (attempt > 1) return 'second';
      await gate.opened;
      late.open();
      return 'late';
    },
    { timeout: 20, attempts: 2, backoff: 1 },
    1,
  );
  const { id } = await app.producer.add('work');
  expect(await reaches(app.status, id, 'completed')).toMatchObject({ result: 'second', attempt: 2 });
  gate.open();
  await late.opened;
  const after = await app.producer.add('work');
  await reaches(app.status, after.id, 'completed');
  expect(await app.status.get(id)).toMatchObject({ result: 'second', attempt: 2, error: { name: 'TaskTimeoutError' } });
});

it('leaves a quick handler alone', async () => {
  const app = await start((_data, { signal }) => signal.aborted, { timeout: 10_000 });
  const { id } = await app.producer.add('work');
  expect(await reaches(app.status, id, 'completed')).toMatchObject({ result: false });
});
