import type { CommandMatch } from '../../../support/tcp-proxy.js';
import type { Random } from '../random.js';

/** How long to wait for a command that a fault is meant for: a process may have nothing to say. */
export const PATIENCE_MS = 2_000;

/** Mostly a script, for these are what changes tasks; now and then a sleep, whose answer is a token. */
export function randomCommand(random: Random): CommandMatch {
  const wanted = random.chance(0.8) ? 'evalsha' : 'brpop';
  return ({ name }) => name === wanted;
}
