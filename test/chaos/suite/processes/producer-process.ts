/**
 * A producer of a run: adds its share of the plan in bursts of all sizes, and writes down what was accepted. It adds
 * again what it has no answer for: safe, for the ids are its own. A successor goes on where a killed one stopped.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AddedTask,
  BulkIncompleteError,
  type BulkRow,
  RedisTaskQueueModule,
  TaskProducer,
  TaskQueueAdmin,
  TaskQueueError,
} from '../../../../lib/index.js';
import { eventually } from '../../../support/eventually.js';
import { planTasks } from '../plan.js';
import { planKeyedAdds } from '../plan-keys.js';
import { Random } from '../random.js';
import { linesOf, readJournals, RunJournal } from '../run-journal.js';
import { addingMs, COMMAND_TIMEOUT_MS } from '../settings.js';
import { type KeyedAdd, type PlannedTask, publicIdOf, taskNameOf } from '../tasks.js';
import { type ProducerConfig, readConfig } from './process-config.js';

const { label, url, folder, settings, share } = readConfig<ProducerConfig>();
const RETRY_MS = 50;
/** The rest of the bulks are small, as is what is added one by one. */
const LARGE_BURST = 500;
const MAX_REGRET_MS = 500;
/** What others may need to start. */
const BEGIN_WITHIN_MS = 60_000;

@Module({
  imports: [RedisTaskQueueModule.forRoot({ redis: url, commandTimeout: COMMAND_TIMEOUT_MS, consume: false })],
})
class ProducerApp {}

const before = readJournals(folder, /^producer-/);
const accepted = new Set(linesOf(before, 'accepted').map(({ id }) => id));
const answered = new Set(linesOf(before, 'answered').map(({ add }) => add));
const journal = new RunJournal(folder, label);
const random = new Random(settings.seed + share);
const tasks = planTasks(new Random(settings.seed), settings)
  .filter((_, row) => row % settings.producers === share)
  .filter((task) => !accepted.has(publicIdOf(task)));
const keyedAdds = planKeyedAdds(new Random(settings.seed), settings).filter(
  (add) => add.share === share && !answered.has(add.data.id),
);
const app = await NestFactory.createApplicationContext(ProducerApp, { logger: ['error', 'warn'] });
const producer = app.get(TaskProducer);
const admin = app.get(TaskQueueAdmin);
const cancels: Promise<void>[] = [];
journal.write({ event: 'ready', rss: process.memoryUsage.rss() });
const addFrom = await eventually(() => linesOf(readJournals(folder, /^stage$/), 'begin')[0]?.at, {
  timeoutMs: BEGIN_WITHIN_MS,
});

await Promise.all([addTasks(), ...keyedSeries().map(addInTurn)]);
await Promise.all(cancels);
journal.write({ event: 'done' });
await app.close();

async function addTasks(): Promise<void> {
  const total = Math.ceil(settings.tasks / settings.producers);
  for (let next = 0; next < tasks.length;) {
    const isBulk = random.chance(0.5);
    const size = isBulk && random.chance(0.1) ? random.integer(50, LARGE_BURST) : random.integer(1, 30);
    const burst = tasks.slice(next, next + size);
    const done = (total - tasks.length + next) / total;
    await delay(addFrom + done * addingMs(settings) - Date.now());
    await (isBulk ? addBulk(burst) : Promise.all(burst.map(add)));
    cancels.push(...burst.filter(({ kind }) => kind === 'unwanted').map(cancel));
    next += size;
  }
}

/** Those of one key. */
function keyedSeries(): KeyedAdd[][] {
  const series = new Map<string, KeyedAdd[]>();
  for (const each of keyedAdds) {
    const name = `${each.kind} ${each.key}`;
    series.set(name, [...(series.get(name) ?? []), each]);
  }
  return [...series.values()];
}

/** None before the one before is answered. What is tried again may come to another task than the try before. */
async function addInTurn(adds: readonly KeyedAdd[]): Promise<void> {
  for (const { kind, queue, data, options, afterMs } of adds) {
    await delay(addFrom + afterMs - Date.now());
    await insist(async () => {
      journal.write({ event: 'asked', add: data.id });
      const { id, outcome } = await producer.add(taskNameOf(kind), data, { queue, ...options });
      journal.write({ event: 'answered', add: data.id, id, outcome });
    });
  }
}

async function add(task: PlannedTask): Promise<void> {
  const { name, data, ...options } = rowOf(task);
  await insist(async () => accept(await producer.add(name, data, options)));
}

async function addBulk(burst: readonly PlannedTask[]): Promise<void> {
  let rows = burst.map(rowOf);
  await insist(async () => {
    try {
      for (const answer of await producer.addBulk(rows)) accept(answer);
    } catch (error) {
      if (!(error instanceof BulkIncompleteError)) throw error;
      const answers = error.answers as readonly (AddedTask | null)[];
      for (const answer of answers) if (answer) accept(answer);
      rows = rows.filter((_, row) => answers[row] === null);
      throw error;
    }
  });
}

/** Some are still waiting by then, some run, some have ended. */
async function cancel(task: PlannedTask): Promise<void> {
  const id = publicIdOf(task);
  await delay(random.integer(0, MAX_REGRET_MS));
  await insist(async () => {
    const { cancelled, state } = (await admin.cancel(id)) ?? { cancelled: false, state: 'unknown' };
    journal.write({ event: 'cancelled', id, cancelled, state });
  });
}

async function insist(action: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof TaskQueueError)) throw error;
      journal.write({ event: 'refused', code: error.code });
      await delay(RETRY_MS);
    }
  }
}

function rowOf({ id, queue, kind, data, options, dueAfterMs }: PlannedTask): BulkRow & { name: string } {
  const due = dueAfterMs !== undefined && { runAt: new Date(addFrom + dueAfterMs) };
  return { name: taskNameOf(kind), data, queue, id, ...options, ...due };
}

function accept({ id, created }: AddedTask): void {
  journal.write({ event: 'accepted', id, created });
}
