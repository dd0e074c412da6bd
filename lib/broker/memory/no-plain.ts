import { NotInMemoryError } from '../../errors/index.js';
import type { PlainStore } from '../plain-store.js';

/** Nobody else can push to what is kept in memory, or read it. */
export class NoPlain implements PlainStore {
  open(): null {
    return null;
  }

  async push(): Promise<never> {
    throw new NotInMemoryError('pushPlain');
  }

  async word(): Promise<never> {
    throw new NotInMemoryError('getPlain');
  }

  async setWord(): Promise<never> {
    throw new NotInMemoryError('setPlain');
  }
}
