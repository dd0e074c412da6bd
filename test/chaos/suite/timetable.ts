import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisTaskQueueModule, type ScheduleInfo, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { type ChaosSchedule, dataOf, SCHEDULES } from './schedules.js';
import { taskNameOf } from './tasks.js';

/** After an outage ticks are made again within the backoff of a worker. */
const TICKS_AGAIN_WITHIN_MS = 30_000;

/** Before the code of the workers declares them, so that it is known which tick is the first. @returns that one, of each */
export async function enterSchedules(url: string): Promise<Map<ChaosSchedule, number>> {
  const first = new Map<ChaosSchedule, number>();
  await eachSchedule(url, async (scheduler, schedule) => {
    const { name, queue, every, overlap, catchUp } = schedule;
    const task = taskNameOf('ticked');
    const info = await scheduler.upsert(name, { task, queue, every, overlap, catchUp, data: dataOf(schedule) });
    first.set(schedule, info.nextTick?.getTime() ?? NaN);
  });
  return first;
}

/** Once they tick as they should; else it tells so. @returns violations */
export async function pauseSchedules(url: string): Promise<string[]> {
  const violations: string[] = [];
  await eachSchedule(url, async (scheduler, { name, queue, every }) => {
    const isInTime = async (): Promise<boolean> => {
      const { lastTick } = (await scheduler.get(name, { queue })) ?? {};
      return lastTick !== null && lastTick !== undefined && lastTick.getTime() > Date.now() - 2 * every;
    };
    const waiting = { timeoutMs: TICKS_AGAIN_WITHIN_MS, everyMs: 20, what: `A tick of schedule ${name}` };
    await eventually(isInTime, waiting).catch((error: unknown) => violations.push(String(error)));
    await scheduler.pause(name, { queue });
  });
  return violations;
}

/** @returns how each of them stood */
export async function removeSchedules(url: string): Promise<Map<ChaosSchedule, ScheduleInfo | null>> {
  const infos = new Map<ChaosSchedule, ScheduleInfo | null>();
  await eachSchedule(url, async (scheduler, schedule) => {
    const { name, queue } = schedule;
    infos.set(schedule, await scheduler.get(name, { queue }));
    await scheduler.remove(name, { queue });
  });
  return infos;
}

async function eachSchedule(
  url: string,
  action: (scheduler: TaskScheduler, schedule: ChaosSchedule) => Promise<void>,
): Promise<void> {
  @Module({ imports: [RedisTaskQueueModule.forRoot({ redis: url, consume: false })] })
  class SchedulerApp {}

  const app = await NestFactory.createApplicationContext(SchedulerApp, { logger: ['error'] });
  try {
    const scheduler = app.get(TaskScheduler);
    await Promise.all(SCHEDULES.map((schedule) => action(scheduler, schedule)));
  } finally {
    await app.close();
  }
}
