import { showValue } from './show-value.js';
import { TaskQueueError } from './task-queue.error.js';

const ALLOWED = {
  INVALID_NAME: 'a task name is text of 1 to 256 bytes without control characters',
  INVALID_QUEUE: 'a queue name is 1 to 64 of the characters A-Z a-z 0-9 _ . -',
  INVALID_ID: 'a task id is text of 1 to 256 bytes',
} as const;

/** A name, queue or id that cannot stand in Redis. Thrown before anything is written. */
export class InvalidTaskError extends TaskQueueError {
  constructor(
    readonly code: keyof typeof ALLOWED,
    given: unknown,
  ) {
    super(`${ALLOWED[code]}; given: ${showValue(given)}.`);
  }
}
