import type { MillionQueue } from './million-queue.js';

/** One thing that somebody asks of the queue. It must leave it as it is, or stand behind those that need it so. */
export interface MillionCase {
  readonly name: string;
  /** @returns what there is to tell; throws where something is wrong */
  run(queue: MillionQueue): Promise<string>;
}
