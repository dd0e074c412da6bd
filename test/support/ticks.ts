import { encodeBody } from '../../lib/broker/envelope.js';
import { partitionOf } from '../../lib/broker/partition.js';
import type { NewSchedule, TickAnswer } from '../../lib/broker/schedule-store.js';
import type { TaskBroker } from '../../lib/broker/task-broker.js';

const q = partitionOf('q');

/** The id of the task of a tick. */
export const tickId = (name: string, ms: number): string => `schedule:${name}:${new Date(ms).toISOString()}`;

/** One that ticks every second. */
export function newSchedule(name: string, more: Partial<NewSchedule> = {}): NewSchedule {
  const timing = JSON.stringify({ everyMs: 1_000 });
  const body = encodeBody('work', '{"a":1}', { attempts: 3 });
  return { name, timing, catchUp: 'last', overlap: 'allow', task: 'work', body, expiresInMs: undefined, ...more };
}

/** Makes these ticks of a schedule of queue `q`; the next one after them is `nextMs`, or a second later. */
export async function tick(
  broker: TaskBroker,
  name: string,
  ticks: number[],
  nextMs?: number,
): Promise<TickAnswer[] | null> {
  const [tickMs = 0] = ticks;
  return broker.schedules.tick(q, {
    name,
    timing: newSchedule(name).timing,
    tickMs,
    ticks,
    nextMs: nextMs ?? (ticks.at(-1) ?? 0) + 1_000,
    maxLength: Infinity,
  });
}
