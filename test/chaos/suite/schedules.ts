import type { QUEUES } from './plan.js';
import { type ChaosData, withChecksum } from './tasks.js';

/** A schedule that goes on during the whole run. */
export interface ChaosSchedule {
  name: string;
  queue: keyof typeof QUEUES;
  every: number;
  overlap: 'allow' | 'skip' | 'queue';
  catchUp: number | 'last';
  /** How long its tasks take. */
  ms: number;
}

/** Where tasks of one must not overlap they take longer than it is to the next tick. */
export const SCHEDULES: readonly ChaosSchedule[] = [
  { name: 'each', queue: 'narrow', every: 400, overlap: 'allow', catchUp: 1_000, ms: 20 },
  { name: 'some: "ünïcödé"', queue: 'calm', every: 500, overlap: 'skip', catchUp: 'last', ms: 600 },
  { name: 'next', queue: 'calm', every: 700, overlap: 'queue', catchUp: 'last', ms: 800 },
];

/** Of each of its tasks. */
export const dataOf = ({ name, ms }: ChaosSchedule): ChaosData =>
  withChecksum({ id: name, kind: 'ticked', ms, throws: 0, payload: '' });

/** The schedule and the time of the tick that a task was made by; `null` if it was made by none. */
export function tickOf(publicId: string): { schedule: ChaosSchedule; at: number } | null {
  const [, queue, name, time = ''] = /^([^:]+):schedule:(.*):(.{24})$/s.exec(publicId) ?? [];
  const schedule = SCHEDULES.find((each) => each.name === name && each.queue === queue);
  return schedule ? { schedule, at: Date.parse(time) } : null;
}

export const tickIdOf = ({ name }: ChaosSchedule, at: number): string =>
  `schedule:${name}:${new Date(at).toISOString()}`;
