import { expect } from 'vitest';
import { findDamages } from './find-damages.js';

/** Where to look. */
export interface DamageTarget {
  url: string;
  prefix?: string;
  server?: { pid: number | null };
}

/** Fails if a repair would find anything to do in that queue, unless its server is down. Workers and producers may be at it. */
export async function expectNoDamage(target: DamageTarget, queue = 'default'): Promise<void> {
  if (target.server?.pid === null) return;
  expect(await findDamages(target, queue)).toEqual([]);
}
