import type { INestApplicationContext } from '@nestjs/common';
import { QUEUE, TASK_NAME, taskData } from '../task-data.js';
import { TaskProducer, TaskStatusService } from './library.js';

/** Of the tasks that are measured each of these is watched: every fifth of 50,000. */
const OURS = Array.from({ length: 10_000 }, (_, n) => String(taskData(n * 5).n));

/** Watches so many tasks that are not due meanwhile, until the application is closed. Resolves once all of them are watched. */
export async function watchOthers(app: INestApplicationContext, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, n) => `watched-${n}`);
  const rows = ids.map((id) => ({ name: TASK_NAME, data: null, queue: QUEUE, id, delay: '365d' }) as const);
  await app.get(TaskProducer).addBulk(rows);
  await watch(app, ids);
}

/** The same with some of the tasks that are measured, as far as they are there. */
export async function watchOurs(app: INestApplicationContext): Promise<void> {
  await watch(app, OURS);
}

async function watch(app: INestApplicationContext, ids: readonly string[]): Promise<void> {
  const status = app.get(TaskStatusService);
  const watched = ids.map((id) => {
    const changes = status.watch(`${QUEUE}:${id}`);
    return new Promise<void>((resolve, error) =>
      changes.subscribe({ next: () => resolve(), complete: resolve, error }),
    );
  });
  await Promise.all(watched);
}
