import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { TaskData, TaskResult } from '../task-data.js';

/** What those write that use Redis itself: a task is JSON in a list, its status is JSON under a key of its own. */
export interface PlainTask {
  id: string;
  data: TaskData;
}

export interface PlainStatus {
  state: 'waiting' | 'active' | 'completed';
  result?: TaskResult;
}

/** As long as the library keeps them. */
export const STATUS_SECONDS = 86_400;

export function plainTask(data: TaskData): PlainTask {
  return { id: randomUUID(), data };
}

export async function setStatus(redis: Redis, id: string, status: PlainStatus): Promise<void> {
  await redis.set(statusKey(id), JSON.stringify(status), 'EX', STATUS_SECONDS);
}

export function statusKey(id: string): string {
  return `task_status:${id}`;
}

export async function countCompleted(redis: Redis): Promise<number> {
  let completed = 0;
  for await (const keys of redis.scanStream({ match: statusKey('*'), count: 1000 })) {
    const found = keys as string[];
    const statuses = found.length > 0 ? await redis.mget(found) : [];
    completed += statuses.filter((text) => (JSON.parse(text ?? '{}') as PlainStatus).state === 'completed').length;
  }
  return completed;
}
