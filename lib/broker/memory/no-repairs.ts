import { NotInMemoryError } from '../../errors/index.js';
import type { RepairStore } from '../repair-store.js';

/** What is kept in memory cannot be damaged. */
export class NoRepairs implements RepairStore {
  async page(): Promise<never> {
    throw new NotInMemoryError('repair');
  }

  async listPage(): Promise<never> {
    throw new NotInMemoryError('repair');
  }

  async twins(): Promise<never> {
    throw new NotInMemoryError('repair');
  }

  async missing(): Promise<never> {
    throw new NotInMemoryError('repair');
  }

  async bell(): Promise<never> {
    throw new NotInMemoryError('repair');
  }
}
