import { Redis, type RedisOptions } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { plainOptions } from '../../../lib/broker/redis/redis-plain-options.js';
import type { RedisSource } from '../../../lib/options/index.js';

const lazy = (options: RedisOptions) => (): Redis =>
  new Redis({ ...options, lazyConnect: true, replyMapping: 'legacy' });

describe('plainOptions', () => {
  it.each<[string, RedisSource, RedisOptions]>([
    [
      'a URL',
      'redis://ann:secret@host:7000/3',
      { host: 'host', port: 7000, username: 'ann', password: 'secret', db: 3 },
    ],
    ['a URL with TLS', 'rediss://host', { host: 'host', tls: {} }],
    ['the path of a socket', '/run/redis.sock', { path: '/run/redis.sock' }],
    ['options', { host: 'host', db: 2, reconnectOnError: () => true }, { host: 'host', db: 2 }],
    ['a factory', lazy({ host: 'host', password: 'secret' }), { host: 'host', password: 'secret' }],
    [
      'sentinels',
      {
        name: 'main',
        sentinels: [{ host: 's', port: 1 }],
        sentinelRetryStrategy: () => 5,
        natMap: { 'a:1': { host: 'b', port: 2 } },
      },
      { name: 'main', sentinels: [{ host: 's', port: 1 }], natMap: { 'a:1': { host: 'b', port: 2 } } },
    ],
    [
      'certificates',
      { tls: { ca: [Buffer.from('ca')], servername: 'x' } },
      { tls: { ca: [Buffer.from('ca')], servername: 'x' } },
    ],
  ])('keeps all of %s that can be sent', (_what, source, expected) => {
    const options = structuredClone(plainOptions(source));
    expect(lazy(options)().options).toMatchObject(structuredClone(expected));
  });

  it.each<[string, RedisSource]>([
    ['tls.checkServerIdentity', { tls: { checkServerIdentity: () => undefined } }],
    ['natMap', { natMap: () => null }],
    ['preferredSlaves', lazy({ preferredSlaves: () => null })],
    ['Connector', lazy({ Connector: class {} as never })],
    ['tls.ca.0', { tls: { ca: [new URL('file:///ca') as never] } }],
  ])('does not go without %s, which cannot be sent', (option, source) => {
    expect(() => plainOptions(source)).toThrow(`"${option}"`);
  });
});
