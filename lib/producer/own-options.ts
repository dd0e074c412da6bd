import type { EnvelopeOptions } from '../broker/envelope.js';
import { InvalidOptionsError } from '../errors/index.js';
import { checkTaskOptions, type PartialTaskSettings, type PlainTaskOptions } from '../options/task-options.js';

/** Options that were given with one task: checked, and as its envelope carries them. */
export interface OwnOptions {
  settings: PartialTaskSettings;
  envelope: EnvelopeOptions;
}

/** @returns `undefined` if there are none, as with most tasks. @throws InvalidOptionsError */
export function ownOptions(options: PlainTaskOptions): OwnOptions | undefined {
  const { attempts, backoff, retryFor, timeout, expiresIn, priority } = options;
  const isPlain = attempts === undefined && backoff === undefined && retryFor === undefined;
  if (isPlain && timeout === undefined && expiresIn === undefined && priority === undefined) return undefined;
  const envelope = { attempts, backoff: asData(backoff), retryFor, timeout };
  if (typeof backoff === 'function') {
    const allowed = 'data: a function cannot travel with a task; give it to the handler or the module';
    throw new InvalidOptionsError([{ option: 'backoff', given: backoff, allowed }]);
  }
  // When it expires is entered by Redis, whose clock counts, and the priority stands in the head.
  return { settings: checkTaskOptions({ ...envelope, expiresIn, priority }), envelope };
}

/** With members of its own, whatever kind of object it is: JSON carries no others. */
function asData(backoff: PlainTaskOptions['backoff']): PlainTaskOptions['backoff'] {
  if (typeof backoff !== 'object' || backoff === null) return backoff;
  const { type, delay, max, jitter, ...rest } = backoff;
  return { ...rest, type, delay, max, jitter };
}
