import fc from 'fast-check';
import { expect } from 'vitest';
import { type World, WORKERS } from '../world.js';

/** One thing that happens. It compares what the broker answers with what the model does. */
export interface Step {
  run(world: World): Promise<void>;
  toString(): string;
}

/** @param settings chosen before the run, so that a failing run can be made smaller: they say what to choose, not whom */
export function step<T>(
  name: string,
  settings: fc.Arbitrary<T>,
  run: (world: World, settings: T) => Promise<void>,
): fc.Arbitrary<Step> {
  return settings.map((chosen) => ({
    run: (world) => run(world, chosen),
    toString: () => `${name}(${JSON.stringify(chosen)})`,
  }));
}

/** What the broker answers, and what the model does. */
export function agree(answer: unknown, expected: unknown): void {
  expect(answer).toEqual(expected);
}

/** Where a worker runs, under one id after another. */
export const place = fc.nat(WORKERS - 1);
export const choice = fc.nat(1_000);
/** Half of what ends is to be kept. */
export const ttlMs = fc.constantFrom(3_600_000, 3_600_000, 0);
