import { QUEUE_NAME } from '../broker/names.js';
import { InvalidOptionsError } from '../errors/index.js';

/** The name of the instance that is meant where none is named. */
export const DEFAULT_INSTANCE = 'default';

/** @returns the name @throws InvalidOptionsError */
export function checkInstanceName(given: unknown, option = 'instance'): string {
  if (typeof given === 'string' && QUEUE_NAME.test(given)) return given;
  throw new InvalidOptionsError([{ option, given, allowed: '1 to 64 of the characters A-Z a-z 0-9 _ . -' }]);
}

/** What something is called of which every instance has one: `TaskWorker`, and `TaskWorker(reports)`. */
export function titleOf(what: string, instance: string): string {
  return instance === DEFAULT_INSTANCE ? what : `${what}(${instance})`;
}
