import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { TaskProducer, type TaskStatus, TaskStatusService } from 'nestjs-redis-task-queue';
import { AppModule } from './app.module.js';
import { SEND_PARCEL } from './parcel.tasks.js';

const PARCELS = [
  { sender: 'ann', to: 'Oslo', kilograms: 3 },
  { sender: 'bob', to: 'Svalbard', kilograms: 5 },
  { sender: 'bob', to: '', kilograms: 99 },
  { sender: 'eve', to: 'Oslo', kilograms: 1 },
];

const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks();
const statuses = app.get(TaskStatusService);
const added = await app.get(TaskProducer).addBulk(PARCELS.map((data) => ({ name: SEND_PARCEL, data })));

for (const [index, { id }] of added.entries()) {
  const { state, result, error } = await ended(id);
  const what = state === 'completed' ? (result as string) : `${error?.name}: ${error?.message}`;
  console.log(`${JSON.stringify(PARCELS[index])}\n  ${state}: ${what}`);
}
await app.close();

/** @throws if the status is gone */
async function ended(id: string): Promise<TaskStatus> {
  for (;;) {
    const status = await statuses.get(id);
    if (!status) throw new Error(`${id} is not known`);
    if (status.state === 'completed' || status.state === 'failed') return status;
    await sleep(20);
  }
}
