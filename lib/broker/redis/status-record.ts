import type { StatusRecord } from '../task-broker.js';
import type { TaskState } from '../task-state.js';

/**
 * Reads a status key. It names its attempt from the second one on: before that it is the first if it has started. A run of
 * less than a millisecond started when it finished, and has no field for that.
 * @returns `null` for a key that is not there.
 */
export function readStatus(fields: Readonly<Record<string, string>>): StatusRecord | null {
  const { state, name, priority, group, attempt, created, finished, due, progress, result, unrecorded, reason, error } =
    fields;
  if (!state) return null;
  const started = fields['started'] ?? (state === 'completed' ? finished : undefined);
  return {
    state: state as TaskState,
    name: name ?? '',
    priority: Number(priority ?? 0),
    group: group ?? null,
    attempt: Number(attempt ?? (started ? 1 : 0)),
    created: time(created),
    started: time(started),
    finished: time(finished),
    due: time(due),
    progress: progress ?? null,
    result: result ?? null,
    unrecorded: unrecorded ?? null,
    reason: reason ?? null,
    error: error ?? null,
    earlierErrors: earlierErrors(fields),
  };
}

function time(value: string | undefined): number | null {
  return value ? Number(value) : null;
}

const EARLIER = 'error:';

function earlierErrors(fields: Readonly<Record<string, string>>): StatusRecord['earlierErrors'] {
  return Object.entries(fields)
    .filter(([field]) => field.startsWith(EARLIER))
    .map(([field, error]) => ({ attempt: Number(field.slice(EARLIER.length)), error }))
    .sort((one, other) => one.attempt - other.attempt);
}
