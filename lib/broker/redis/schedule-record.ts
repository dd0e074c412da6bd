import type { Overlap, ScheduleRecord } from '../schedule-store.js';

/** What is read of a schedule's hash, in this order. */
export const SCHEDULE_FIELDS = [
  'timing',
  'catch_up',
  'overlap',
  'task',
  'body',
  'expires_in',
  'owner',
  'declared',
  'paused',
  'last',
  'skipped',
  'queued',
] as const;

/** @param next its score in the index @returns `null` for a schedule that is not there */
export function readSchedule(
  name: string,
  next: string | null,
  values: readonly (string | null)[],
): ScheduleRecord | null {
  const [timing, catchUp, overlap, task, body, expiresIn, owner, declared, paused, last, skipped, queued] = values;
  if (!timing) return null;
  return {
    name,
    timing,
    catchUp: catchUp ?? '',
    overlap: (overlap ?? 'allow') as Overlap,
    task: task ?? '',
    body: body ?? '',
    expiresInMs: time(expiresIn) ?? undefined,
    owner: owner ?? null,
    isDeclared: declared === '1',
    isPaused: paused === '1',
    nextMs: time(next),
    lastMs: time(last),
    skippedMs: time(skipped),
    queued: queued ?? null,
  };
}

/** `null` for infinity, too. */
function time(text: string | null | undefined): number | null {
  const ms = text ? Number(text) : NaN;
  return Number.isFinite(ms) ? ms : null;
}
