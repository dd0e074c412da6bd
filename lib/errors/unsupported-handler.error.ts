import { TaskQueueError } from './task-queue.error.js';

/** A handler stands where it cannot be called. Thrown at start. */
export class UnsupportedHandlerError extends TaskQueueError {
  readonly code = 'UNSUPPORTED_HANDLER';

  constructor(origin: string, why: string) {
    super(`${origin} cannot handle tasks: ${why}`);
  }
}
