import { TaskQueueError } from './task-queue.error.js';

/** Why an attempt failed, as a status keeps it. */
interface Failure {
  name: string;
  message: string;
  stack?: string;
}

/** The task that `wait` waited for is a dead letter. */
export class TaskFailedError extends TaskQueueError {
  readonly code = 'TASK_FAILED';
  readonly id: string;
  /** How many attempts there were. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly failure: Failure;

  constructor({ id, name, attempt, error }: { id: string; name: string; attempt: number; error: Failure | null }) {
    const failure = error ?? { name: 'Error', message: 'no error is known' };
    super(`${id} (${name}) failed at attempt ${attempt}: ${failure.name}: ${failure.message}`);
    this.id = id;
    this.attempts = attempt;
    this.failure = failure;
  }
}
