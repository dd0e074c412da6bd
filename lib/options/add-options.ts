import { InvalidOptionsError } from '../errors/index.js';
import type { DueOptions } from './due.js';
import type { LockOptions } from './lock-options.js';
import type { PlainTaskOptions } from './task-options.js';

/** Options of one task. Those of `TaskOptions` travel with it, and win over all others of that name. */
export interface AddOptions extends PlainTaskOptions, DueOptions, LockOptions {
  /** @default what the module's `tasks` say, else the definition, else the queue of the task's handler in this process, else `default` */
  queue?: string | undefined;
  /**
   * An id of the caller's own, any text of 1 to 256 bytes. As long as a status of that id lives in the queue, another
   * `add` with it adds nothing and answers `created: false`. @default a ULID
   */
  id?: string | undefined;
  /**
   * On whose behalf the task is done, a tenant say: the groups of a queue take turns, and the tasks of one stand in the order of
   * their adding. Text of 1 to 256 bytes without control characters, quotes and backslashes. Not together with a priority.
   * @default none: such tasks take turns with the groups as if they were one
   */
  group?: string | undefined;
}

const LOCK_NAMES = ['unique', 'throttle', 'debounce'];
const TASK_NAMES = ['attempts', 'backoff', 'retryFor', 'timeout', 'expiresIn', 'priority'];

/** The names of all options of `add`. */
export const ADD_OPTIONS: readonly string[] = ['queue', 'id', 'group', 'delay', 'runAt', ...LOCK_NAMES, ...TASK_NAMES];

/** Only the names: values are checked where they are read. @throws InvalidOptionsError */
export function checkOptionNames(options: AddOptions, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError([
      { option: 'options', given: options, allowed: `an object with ${known.join(', ')}` },
    ]);
  }
  for (const option in options) {
    if (known.includes(option)) continue;
    const given = (options as Record<string, unknown>)[option];
    throw new InvalidOptionsError([{ option, given, allowed: `one of ${known.join(', ')}` }]);
  }
}
