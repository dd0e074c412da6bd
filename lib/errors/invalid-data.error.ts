import { TaskQueueError } from './task-queue.error.js';

/** The data of a task are nothing that JSON can carry, or a plain value is no text. Thrown before anything is written. */
export class InvalidDataError extends TaskQueueError {
  readonly code = 'INVALID_DATA';

  constructor(what: string, cause?: unknown, format = 'JSON') {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${what} cannot be carried as ${format}${reason}`, { cause });
  }
}
