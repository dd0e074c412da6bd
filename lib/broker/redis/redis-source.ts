import { Redis, type RedisOptions } from 'ioredis';

/**
 * Where Redis is: a URL, the path of a socket, ioredis options, or a factory for what none of these can say. The
 * client of a factory serves as a template: the module duplicates it for each of its connections, with the options
 * that these rely on, and closes it.
 */
export type RedisSource = string | RedisOptions | (() => Redis);

/** Opens a client to the source; `options` win over what the source says. */
export function openRedis(source: RedisSource, options: RedisOptions): Redis {
  const own = { ...options, replyMapping: 'legacy' as const };
  if (typeof source === 'string') return new Redis(source, own);
  if (typeof source !== 'function') return new Redis({ ...source, ...own });
  const template = source();
  const client = template.duplicate(own);
  template.disconnect();
  return client;
}
