import { TaskQueueError } from './task-queue.error.js';

/** More data wait to be sent than the producer may hold: Redis is slower than the calls of `add`. */
export class ProducerOverloadedError extends TaskQueueError {
  readonly code = 'PRODUCER_OVERLOADED';

  constructor(pendingChars: number) {
    super(`${pendingChars} characters of tasks wait for Redis already; await add() or use addBulk().`);
  }
}
