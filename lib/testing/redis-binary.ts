import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { RedisServerError } from './redis-server.error.js';

/** The `redis-server` to start: `REDIS_SERVER_BIN` if it is set, else the first one on the `PATH`. */
export function findRedisBinary(env: NodeJS.ProcessEnv = process.env): string {
  if (env.REDIS_SERVER_BIN) {
    if (isExecutable(env.REDIS_SERVER_BIN)) return env.REDIS_SERVER_BIN;
    throw notFound(`REDIS_SERVER_BIN is "${env.REDIS_SERVER_BIN}", which is not an executable file.`);
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const binary = folders.map((folder) => join(folder, 'redis-server')).find(isExecutable);
  if (binary === undefined) throw notFound('No redis-server on the PATH.');
  return binary;
}

function notFound(reason: string): RedisServerError {
  return new RedisServerError(
    'REDIS_SERVER_NOT_FOUND',
    `${reason} Install Redis 7 or newer (Debian and Ubuntu: "apt-get install redis-server", macOS: "brew install redis"), ` +
      'or set REDIS_SERVER_BIN to the path of the binary.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
