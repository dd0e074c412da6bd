import { TaskQueueError } from './task-queue.error.js';

/** `getPlain` and `setPlain` met a key that holds something else than text. It was left as it is. */
export class NotAPlainStatusError extends TaskQueueError {
  readonly code = 'NOT_A_PLAIN_STATUS';

  constructor(
    readonly key: string,
    type: string,
  ) {
    super(
      `The key "${key}" holds no plain status but a ${type}, which was left as it is. Choose another id or statusPrefix.`,
    );
  }
}
