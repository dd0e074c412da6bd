import type { StatusRecord } from '../task-broker.js';
import type { TaskState } from '../task-state.js';

/** The fields of a status key, in the order in which `readStatus` expects them. */
export const STATUS_FIELDS = [
  'state',
  'name',
  'attempt',
  'created',
  'started',
  'finished',
  'progress',
  'result',
  'unrecorded',
  'error',
] as const;

/**
 * A status names its attempt from the second one on: before that it is the first if it has started.
 * @returns `null` for a key that is not there.
 */
export function readStatus(values: readonly (string | null)[]): StatusRecord | null {
  const [state, name, attempt, created, started, finished, progress, result, unrecorded, error] = values;
  if (!state) return null;
  const time = (value: string | null | undefined): number | null => (value ? Number(value) : null);
  return {
    state: state as TaskState,
    name: name ?? '',
    attempt: Number(attempt ?? (started ? 1 : 0)),
    created: time(created),
    started: time(started),
    finished: time(finished),
    progress: progress ?? null,
    result: result ?? null,
    unrecorded: unrecorded ?? null,
    error: error ?? null,
  };
}
