import { encodeBody } from '../broker/envelope.js';
import { partitionOf } from '../broker/partition.js';
import type { Declaration, NewSchedule, ScheduleStore, Upserted } from '../broker/schedule-store.js';
import { parseData } from '../definition/parse-data.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { encodeData } from '../producer/encode-data.js';
import type { CheckedSchedule } from './checked-schedule.js';
import { encodeTiming } from './ticks.js';

/** Enters schedules: those that code declares, and those of callers. */
export class ScheduleWriter {
  constructor(
    private readonly store: ScheduleStore,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
  ) {}

  /** @throws InvalidDataError, DataTooLargeError before anything is written */
  encode(queue: string, schedule: CheckedSchedule): NewSchedule {
    const { name, task, definition, timing, catchUp, overlap, data, own } = schedule;
    const json = encodeData(task, data, this.settings.maxDataBytes);
    const declared = [this.handlers.of(queue).get(task)?.settings, definition?.settings];
    const { expiresInMs, priority } = this.settings.added(queue, task, declared, own?.settings);
    return {
      name,
      timing: encodeTiming(timing),
      catchUp: String(catchUp),
      overlap,
      task,
      body: encodeBody(task, json, own?.envelope, { priority }),
      expiresInMs,
    };
  }

  /** @throws InvalidTaskDataError: each of its tasks would be a dead letter */
  async validate({ name, task, definition, data }: CheckedSchedule): Promise<void> {
    if (!definition?.schema) return;
    const json = encodeData(task, data, this.settings.maxDataBytes);
    await parseData(task, definition.schema, JSON.parse(json), { schedule: name });
  }

  /** The next tick is the first one from now on, by Redis's clock, and none that there has been already. */
  async write(queue: string, schedule: CheckedSchedule, declaration?: Declaration): Promise<Upserted> {
    const encoded = this.encode(queue, schedule);
    const partition = partitionOf(queue);
    const { nowMs, lastMs } = await this.store.clock(partition, schedule.name);
    const nextMs = schedule.ticks.next(Math.max(nowMs, lastMs ?? 0)) ?? Infinity;
    return this.store.upsert(partition, encoded, nextMs, declaration);
  }
}
