import { expect, it } from 'vitest';
import { TaskConsumers, TaskScheduler } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { outageLines, outagesOver } from '../support/outage-lines.js';
import { privateRedis } from '../support/private-redis.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis();

it('consumers that are stopped while Redis is away do not keep the log from telling of this outage and the next one', async () => {
  let ran = 0;
  const { app, log } = await startApp({ redis: target.url, lease: '600ms' }, [workHandler(() => void ran++)]);
  await app.get(TaskScheduler).upsert('often', { task: 'work', every: '100ms' });
  await eventually(() => ran > 0);

  await target.server.kill();
  await eventually(() => outageLines(log).begun.length > 0);
  // Long enough for whoever looks at Redis to have noticed.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await app.get(TaskConsumers).stop();
  await target.server.restart();
  const { begun } = await outagesOver(log, 1);

  await target.server.kill();
  await eventually(() => outageLines(log).begun.length > begun.length);
  await target.server.restart();
  await outagesOver(log, 2);
  expect(log.of('log').filter((text) => text.startsWith('All works again'))).toHaveLength(2);
});
