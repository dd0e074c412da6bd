import { Redis, type RedisOptions } from 'ioredis';
import { InvalidOptionsError } from '../../errors/index.js';

/**
 * Where Redis is: a URL, the path of a socket, ioredis options, or a factory for what none of these can say. The
 * factory returns a new client, which serves as a template: the module duplicates it for each of its connections, with
 * the options that these rely on, and closes it.
 */
export type RedisSource = string | RedisOptions | (() => Redis);

/** Opens a client to the source; `options` win over what the source says. @throws InvalidOptionsError */
export function openRedis(source: RedisSource, options: RedisOptions): Redis {
  const template = templateOf(source);
  if (template.options.keyPrefix) {
    const allowed = "no key prefix: scripts build keys of their own; use the module's prefix";
    throw new InvalidOptionsError([{ option: 'redis (keyPrefix)', given: template.options.keyPrefix, allowed }]);
  }
  const client = template.duplicate({ ...options, lazyConnect: false, replyMapping: 'legacy', stringNumbers: false });
  letGo(template);
  return client;
}

/** What a client to the source would be opened with. */
export function optionsOf(source: RedisSource): RedisOptions {
  const template = templateOf(source);
  letGo(template);
  return template.options;
}

/** A client that stands already is one that the application shares with us. */
function letGo(template: Redis): void {
  if (template.status !== 'ready') template.disconnect();
}

function templateOf(source: RedisSource): Redis {
  if (typeof source === 'string') return new Redis(source, { lazyConnect: true });
  if (typeof source === 'function') return source();
  return new Redis({ ...source, lazyConnect: true, replyMapping: 'legacy' });
}
