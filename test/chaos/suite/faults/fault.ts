import type { Random } from '../random.js';
import type { Stage } from '../stage.js';

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  /** What it disturbs. Redis and the network are disturbed by one fault at a time, workers by any number. */
  readonly on: 'worker' | 'redis' | 'network';
  /** Resolves when it is over. */
  inject(stage: Stage, random: Random): Promise<void>;
}
