import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { TaskProducer, TaskScheduler } from 'nestjs-redis-task-queue';
import { AppModule } from './app.module.js';
import { OFFICE_QUEUE } from './office.tasks.js';
import { say } from './say.js';
import { timetable } from './timetable.js';

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function start(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'], abortOnError: false });
  app.enableShutdownHooks();
  const [producer, scheduler] = [app.get(TaskProducer), app.get(TaskScheduler)];

  // Not in the code, but made at run time, as users make theirs. Entered again it stays the same one.
  await scheduler.upsert('ann:lunch', {
    task: 'remind',
    cron: '30 11 * * *',
    timezone: 'America/New_York',
    data: { text: 'lunch, Ann' },
  });
  await scheduler.runNow('ann:lunch');

  // Once, and later.
  const { id } = await producer.add('remind', { text: 'stretch your legs' }, { delay: '3s' });
  say(`${id} is due in 3 s`);

  // What the code declares is entered while the application starts.
  while (!(await scheduler.get('morning-report'))) await sleep(50);
  console.log(timetable(await scheduler.list(OFFICE_QUEUE)).join('\n'));
}
