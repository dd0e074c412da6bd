import type { Redis } from 'ioredis';
import type { RedisConnection } from './redis-connection.js';
import { asPattern } from './redis-keys.js';

const SCAN_COUNT = 500;
export const SCAN_START = '0';

/**
 * One step of a scan. A cursor holds as long as the connection stands: behind the next one there may be a server that was started anew, in
 * whose order the same cursor would pass over some. So the scan begins again there.
 *
 * @param send answers the next cursor first @returns the position of the next step, '' at the end, and the answer
 */
export async function scanStep<T extends [cursor: string | number, ...unknown[]]>(
  commands: Pick<RedisConnection, 'repeatable' | 'generation'>,
  position: string,
  send: (client: Redis, cursor: string) => Promise<T>,
): Promise<[next: string, answer: T]> {
  const [cursor = SCAN_START, generation] = position.split('@');
  let sentOn = 0;
  const answer = await commands.repeatable((client) => {
    sentOn = commands.generation;
    return send(client, Number(generation) === sentOn ? cursor : SCAN_START);
  });
  return [answer[0] === SCAN_START ? '' : `${answer[0]}@${sentOn}`, answer];
}

/** All answers of a scan, one after the other. What they tell may come twice. */
export async function* scanAll<T extends [cursor: string | number, ...unknown[]]>(
  commands: Pick<RedisConnection, 'repeatable' | 'generation'>,
  send: (client: Redis, cursor: string) => Promise<T>,
): AsyncGenerator<T> {
  let position = SCAN_START;
  do {
    const [next, answer] = await scanStep(commands, position, send);
    yield answer;
    position = next;
  } while (position !== '');
}

/** One step through all keys of the database. @returns those that match; as `next` '' at the end */
export async function scanPattern(
  commands: RedisConnection,
  pattern: string,
  position: string,
): Promise<[next: string, keys: string[]]> {
  const [next, [, keys]] = await scanStep(commands, position, (client, cursor) =>
    client.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
  );
  return [next, keys];
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
