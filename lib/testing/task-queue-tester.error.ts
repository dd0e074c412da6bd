import { TaskQueueError } from '../errors/index.js';

/** A test asked for what cannot be done. */
export class TaskQueueTesterError extends TaskQueueError {
  readonly code = 'TESTER_MISUSED';
}
