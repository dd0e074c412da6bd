import { InvalidBatchResultError } from '../errors/index.js';
import type { RunResult } from './task-run.js';

/**
 * How each task of a batch ends by what its handler returned: nothing, or an array with a result for each, in their order. An
 * element that is an error, or a promise that rejects, is that of its task alone.
 *
 * @throws InvalidBatchResultError for anything else, since which task it is about is unknown
 */
export async function batchResults(returned: unknown, size: number): Promise<RunResult[]> {
  if (returned === undefined) return Array.from({ length: size }, () => ({ value: undefined }));
  if (!Array.isArray(returned)) throw new InvalidBatchResultError(returned, size);
  // Before anything else: a promise that rejects must not take the process down because its array is of the wrong length.
  const settled = await Promise.allSettled<unknown>(returned);
  if (settled.length !== size) throw new InvalidBatchResultError(returned, size);
  return settled.map((each) => {
    if (each.status === 'rejected') return { thrown: each.reason as unknown };
    return isError(each.value) ? { thrown: each.value } : { value: each.value };
  });
}

/** A proxy that cannot be looked at is none. */
function isError(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}
