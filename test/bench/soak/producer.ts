/** The process that keeps the queues supplied, and calls off what is unwanted. Started by `soak-process.ts`. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisTaskQueueModule, TaskProducer, TaskQueueAdmin } from '../peers/library.js';
import { Journal } from './journal.js';
import { dataOf, kindOf, QUEUES, RETENTION_MS, taskNameOf, taskNumber } from './load.js';

const [url = ''] = process.argv.slice(2);
const LOOK_AGAIN_MS = 10;
/** Some tasks are still waiting by then, some run, some have ended. */
const MAX_REGRET_MS = 500;

// Whoever wanted to know is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

@Module({
  imports: [
    RedisTaskQueueModule.forRoot({
      redis: url,
      consume: false,
      defaults: { retention: { completed: RETENTION_MS, failed: RETENTION_MS } },
    }),
  ],
})
class ProducerApp {}

const journal = new Journal();
const cancels = new Set<Promise<void>>();
const redis = new Redis(url);
const app = await NestFactory.createApplicationContext(ProducerApp, { logger: ['error', 'warn'] });
const producer = app.get(TaskProducer);
const admin = app.get(TaskQueueAdmin);

let isStopping = false;
const toldToStop = new Promise<void>((resolve) => process.once('message', () => resolve()));
void toldToStop.then(() => (isStopping = true));
await journal.answer('ready');
const rowsOf = await Promise.all(QUEUES.map((_, queue) => supply(queue)));

await Promise.all(cancels);
await app.close();
redis.disconnect();
await journal.answer(rowsOf);
journal.close();
process.off('disconnect', orphaned);
process.disconnect();

/** Until it is told to stop. @returns how many tasks it added */
async function supply(queue: number): Promise<number> {
  const { name, backlog } = QUEUES[queue] ?? {};
  const [low, high] = backlog ?? [0, 0];
  let next = 0;
  for (let refills = 0; !isStopping;) {
    const waiting = await redis.llen(`task_queue:{${name}}`);
    if (waiting < low) {
      const length = high - waiting;
      const first = next;
      const tasks = Array.from({ length }, (_, row) => taskNumber(queue, first + row));
      await (++refills % 2 === 0 ? addOneByOne(tasks) : addTogether(tasks));
      next += length;
    } else {
      await delay(LOOK_AGAIN_MS);
    }
  }
  return next;
}

async function addTogether(tasks: readonly number[]): Promise<void> {
  const added = await producer.addBulk(
    tasks.map((n) => ({ name: taskNameOf(kindOf(n)), data: dataOf(n), queue: queueOf(n) })),
  );
  added.forEach(({ id }, row) => regret(tasks[row] ?? -1, id));
}

async function addOneByOne(tasks: readonly number[]): Promise<void> {
  const add = async (n: number): Promise<void> => {
    const { id } = await producer.add(taskNameOf(kindOf(n)), dataOf(n), { queue: queueOf(n) });
    regret(n, id);
  };
  await Promise.all(tasks.map(add));
}

function regret(n: number, id: string): void {
  if (kindOf(n) !== 'unwanted') return;
  const cancel = async (): Promise<void> => {
    await delay((n * 7) % MAX_REGRET_MS);
    const answer = await admin.cancel(id);
    journal.note(answer?.cancelled ? 'cancelled' : 'notCancelled', n);
  };
  const cancelling = cancel().then(() => void cancels.delete(cancelling));
  cancels.add(cancelling);
}

function queueOf(n: number): string {
  return QUEUES[n % QUEUES.length]?.name ?? '';
}
