import type { Stage } from './stage.js';

/** One script with the most that the library gives it to do. */
export interface ScriptCase {
  name: string;
  /** Puts everything in place for so many calls, so that each finds its keys cold. @returns what makes the nth of them */
  prepare(stage: Stage, calls: number): Promise<(n: number) => Promise<unknown>>;
}
