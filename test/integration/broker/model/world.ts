import type { Redis } from 'ioredis';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../../lib/broker/redis/redis.broker.js';
import { ManualWorker } from '../../../support/broker-fixture.js';
import { Model } from './model.js';

export const q = partitionOf('q');
export const WORKERS = 3;

/** The broker under test and the model of it, for one run. */
export class World {
  readonly model = new Model();
  /** Own ids and made-up ones of all tasks so far, for steps that name one. */
  readonly ids: string[] = [];
  /** Former ids of workers: they were declared dead or have left, and may still say something. */
  readonly ghosts: ManualWorker[] = [];
  private readonly workers = new Map<number, ManualWorker>();
  private counter = 0;

  constructor(
    readonly broker: RedisBroker,
    readonly redis: Redis,
    readonly prefix: string,
  ) {}

  key(name: string): string {
    return `${this.prefix}task_${name}:{q}`;
  }

  /** For what must differ from everything before. */
  next(): number {
    return ++this.counter;
  }

  /** The worker in this place, started if need be: always under a new id. */
  async worker(place: number): Promise<ManualWorker> {
    let worker = this.workers.get(place);
    if (!worker) {
      worker = await new ManualWorker(this.broker, q, `w${this.next()}`).join();
      this.model.join(worker.id);
      this.workers.set(place, worker);
    }
    return worker;
  }

  /** Its id is not used for anything new. */
  retire(place: number): void {
    const worker = this.workers.get(place);
    if (worker) this.ghosts.push(worker);
    this.workers.delete(place);
  }

  note(...ids: string[]): void {
    for (const id of ids) if (!this.ids.includes(id)) this.ids.push(id);
  }
}

/** Chooses from what there is by then; nothing if there is nothing. */
export function pick<T>(from: readonly T[], choice: number): T | undefined {
  return from[choice % Math.max(1, from.length)];
}
