import { findDamages } from '../../../support/find-damages.js';
import { QUEUES } from '../plan.js';

/** After all that, a repair finds nothing to do. */
export async function checkDamage(url: string): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(QUEUES).map(async (queue) => {
      const damages = await findDamages({ url }, queue);
      return damages.map((damage) => `a repair of ${queue} finds ${JSON.stringify(damage)}`);
    }),
  );
  return found.flat();
}
