import { redisScripts } from '../../../../lib/broker/redis/redis-scripts.js';
import { runs } from '../../../support/resp-commands.js';
import type { CommandMatch } from '../../../support/tcp-proxy.js';
import type { Random } from '../random.js';

/** How long to wait for a command that a fault is meant for: a process may have nothing to say. */
export const PATIENCE_MS = 1_000;

const isExchange = runs(redisScripts.taskExchange);

/** Mostly what settles and claims; else any script, or a sleep, whose answer is a token. */
export function randomCommand(random: Random): CommandMatch {
  if (random.chance(0.6)) return isExchange;
  const wanted = random.chance(0.7) ? 'evalsha' : 'brpop';
  return ({ name }) => name === wanted;
}
