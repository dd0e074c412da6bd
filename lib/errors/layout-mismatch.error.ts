import { TaskQueueError } from './task-queue.error.js';

/** The keys of a queue carry another layout version than this release reads and writes. */
export class LayoutMismatchError extends TaskQueueError {
  readonly code = 'LAYOUT_MISMATCH';

  constructor(partition: string, found: number, known: number) {
    super(
      `Queue "${partition}" has layout version ${found} in Redis; this release knows version ${known}. ` +
        'Run one release per prefix, or give this one a prefix of its own.',
    );
  }
}
