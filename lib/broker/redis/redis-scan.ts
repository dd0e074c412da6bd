import type { RedisConnection } from './redis-connection.js';
import { asPattern } from './redis-keys.js';

const SCAN_COUNT = 500;
export const SCAN_START = '0';

/** One step through all keys of the database. @returns those that match; as `next` '' at the end */
export async function scanPattern(
  commands: RedisConnection,
  pattern: string,
  position: string,
): Promise<[next: string, keys: string[]]> {
  const [next, keys] = await commands.repeatable((client) =>
    client.scan(position, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
  );
  return [next === SCAN_START ? '' : next, keys];
}

/** The same for what begins so. @returns what follows `start` */
export async function scanKeys(
  commands: RedisConnection,
  start: string,
  position: string,
): Promise<[next: string, rest: string[]]> {
  const [next, keys] = await scanPattern(commands, `${asPattern(start)}*`, position);
  return [next, keys.map((key) => key.slice(start.length))];
}
