import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { expect, it } from 'vitest';
import { type TaskContext, TaskConsumers, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { findRedisBinary } from '../../../lib/testing/redis-binary.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { privateRedis } from '../../support/private-redis.js';
import { reaches } from '../../support/settled.js';
import { startApp } from '../../support/test-app.js';

const target = privateRedis();
const text = readFileSync(new URL('../../../docs/wire-format.md', import.meta.url), 'utf8');
const [simple = '', withStatus = '', withPriority = '', ...others] = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(
  ([, block]) => block ?? '',
);

/** Runs commands of the documentation, for a task of that id. */
async function run(commands: string, id: string): Promise<void> {
  const script = commands.replaceAll('redis-cli ', `redis-cli -e -u ${target.url} `).replaceAll('7f3c…', id);
  const PATH = [dirname(findRedisBinary()), process.env['PATH']].join(delimiter);
  await promisify(execFile)('sh', ['-e', '-c', script], { env: { PATH } });
}

it('what the documentation of the wire format says works', async () => {
  const ran: string[] = [];
  @Injectable()
  class EmailTasks {
    @TaskHandler('email.send', { queue: 'email' })
    send(data: { to: string } | null, { id }: TaskContext): string {
      ran.push(id);
      return data?.to ?? 'nobody';
    }
  }
  const options = { redis: target.url, autoStart: false, defaults: { concurrency: 1 } };
  const { app, status } = await startApp(options, [EmailTasks]);
  expect(others).toEqual([]);

  await run(simple, 'simple');
  expect(await status.get('email:simple')).toBeNull();
  await run(withStatus, 'visible');
  await run(withStatus, 'unwanted');
  expect(await status.get('email:visible')).toMatchObject({ state: 'waiting', name: 'email.send' });
  expect(await app.get(TaskQueueAdmin).cancel('email:unwanted')).toMatchObject({ cancelled: true, state: 'waiting' });
  await run(withPriority, 'urgent');

  await app.get(TaskConsumers).start();
  await eventually(() => ran.length === 3);
  expect(ran).toEqual(['email:urgent', 'email:simple', 'email:visible']);
  expect(await reaches(status, 'email:simple', 'completed')).toMatchObject({ result: 'ann@example.org' });
  expect(await reaches(status, 'email:urgent', 'completed')).toMatchObject({ priority: 5, result: 'nobody' });
  await reaches(status, 'email:visible', 'completed');
  await reaches(status, 'email:unwanted', 'cancelled');
  await expectNoDamage(target, 'email');
});
