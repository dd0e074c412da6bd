import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../workload.js';

/** Resolves when nothing is waiting or active any more. To look each millisecond costs, so little should be left then. */
export async function settled({ peer, redis }: Bench, lookAgainMs = 1): Promise<void> {
  do await delay(lookAgainMs);
  while ((await peer.unsettled(redis)) > 0);
}
