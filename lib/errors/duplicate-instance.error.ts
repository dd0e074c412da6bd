import { TaskQueueError } from './task-queue.error.js';

/** Two imports of the module have one name. Each would run every handler. Thrown at start. */
export class DuplicateInstanceError extends TaskQueueError {
  readonly code = 'DUPLICATE_INSTANCE';

  constructor(instance: string, imports: number) {
    super(
      `There are ${imports} imports of RedisTaskQueueModule for the instance "${instance}": import it once, in the root module, ` +
        'since what it provides can be injected everywhere, or give each a name of its own: forRoot({ name }).',
    );
  }
}
