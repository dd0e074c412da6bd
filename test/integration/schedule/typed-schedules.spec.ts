import { Injectable, type Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask, TaskHandler, TaskSchedule, TaskScheduler, type TaskScheduleOptions } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('typed-schedules');

const Digest = defineTask('digest.send', {
  queue: 'digests',
  priority: 3,
  schema: z.object({ user: z.string().refine(async (user) => user !== 'nobody', 'nobody knows them') }),
});
const yearly = { cron: '0 0 1 1 *', task: Digest };

function tasksWith(options: TaskScheduleOptions): Type {
  @Injectable()
  class DigestTasks {
    @TaskHandler(Digest)
    @TaskSchedule('0 0 1 1 *', options)
    send(_data: { user: string }): void {
      // It never comes to that.
    }
  }
  return DigestTasks;
}

const start = (providers: Type[], options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers);

describe('@TaskSchedule on the handler of a definition', () => {
  it('stops the start where each of its tasks would be a dead letter', async () => {
    await expect(start([tasksWith({ name: 'nightly', data: { user: 'nobody' } })])).rejects.toMatchObject({
      code: 'INVALID_TASK_DATA',
      schedule: 'nightly',
      message: 'Task "digest.send" of schedule "nightly" has invalid data: user: nobody knows them',
    });
    await expect(start([tasksWith({})])).rejects.toMatchObject({ code: 'INVALID_TASK_DATA', schedule: 'digest.send' });
    expect(await fixture.keys()).toEqual([]);
  });

  it('stands where the definition says', async () => {
    const { app } = await start([tasksWith({ data: { user: 'ann' } })]);
    const scheduler = app.get(TaskScheduler);
    await eventually(async () => (await scheduler.list('digests')).length > 0);
    expect(await scheduler.list('digests')).toMatchObject([{ task: 'digest.send', data: { user: 'ann' } }]);
  });
});

describe('upsert with a definition', () => {
  it('enters a schedule in the queue of the definition, with its options, where there is no handler', async () => {
    const { app } = await start([]);
    const scheduler = app.get(TaskScheduler);
    expect(await scheduler.upsert('ann', { ...yearly, data: { user: 'ann' } })).toMatchObject({
      queue: 'digests',
      task: 'digest.send',
    });
    await scheduler.runNow('ann', { queue: 'digests' });
    expect(await fixture.redis.llen(`${fixture.prefix}task_queue:{digests}:priority:3`)).toBe(1);
  });

  it('goes by what the module says of the task before that', async () => {
    const { app } = await start([], { tasks: { 'digest.send': { queue: 'elsewhere' } } });
    const info = await app.get(TaskScheduler).upsert('ann', { ...yearly, data: { user: 'ann' } });
    expect(info.queue).toBe('elsewhere');
  });

  it('refuses data that its schema does not accept, and writes nothing', async () => {
    const { app } = await start([]);
    const entering = app.get(TaskScheduler).upsert('eve', { ...yearly, data: { user: 'nobody' } });
    await expect(entering).rejects.toMatchObject({ code: 'INVALID_TASK_DATA', task: 'digest.send', schedule: 'eve' });
    expect(await fixture.keys()).toEqual([]);
  });
});
