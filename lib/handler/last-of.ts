import { isObservable, lastValueFrom } from 'rxjs';

/** Of an Observable a promise of its last value, of `undefined` if it has none; anything else as it is. */
export function lastOf(returned: unknown): unknown {
  return isObservable(returned) ? lastValueFrom(returned, { defaultValue: undefined }) : returned;
}
