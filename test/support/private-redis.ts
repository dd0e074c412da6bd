import { Redis } from 'ioredis';
import { beforeEach, onTestFinished } from 'vitest';
import { RedisServer, type RedisServerOptions } from '../../lib/testing/index.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

/** A Redis server that every test has for itself, to be treated as badly as the test likes. */
export interface PrivateRedis {
  readonly server: RedisServer;
  readonly url: string;
  /** A client of the test's own, to look from outside. */
  readonly redis: Redis;
  /** All connections but the test's own, as CLIENT LIST shows them. */
  connections(): Promise<string[]>;
  /** The ids of the connections over which workers sleep, as far as Redis knows; throws if there is none. */
  sleepers(): Promise<string[]>;
  /** A network between the server and whoever takes this way to it; gone after the test. */
  proxy(): Promise<TcpProxy>;
}

/** To be called once in a file. A test that leaves a connection to its server behind fails. */
export function privateRedis(options: RedisServerOptions = {}): PrivateRedis {
  let server: RedisServer;
  let redis: Redis;
  const connections = async (): Promise<string[]> => {
    const list = String(await redis.client('LIST'));
    return list.split('\n').filter((line) => line !== '' && !line.includes(` name=${OBSERVER} `));
  };

  beforeEach(async () => {
    server = await RedisServer.start(options);
    redis = new Redis(server.url, { connectionName: OBSERVER, retryStrategy: () => 20 });
    redis.on('error', () => undefined); // the server may well be down: then commands wait for it
    // Runs behind everything else that follows a test: applications and processes are gone by now.
    onTestFinished(async () => {
      try {
        if (server.pid !== null) {
          await eventually(async () => (await connections()).length === 0, { what: 'No connection is left:' });
        }
      } finally {
        redis.disconnect();
        await server.stop();
      }
    });
  });

  return {
    get server() {
      return server;
    },
    get url() {
      return server.url;
    },
    get redis() {
      return redis;
    },
    connections,
    async sleepers() {
      const lines = (await connections()).filter((line) => line.includes(' cmd=brpop '));
      if (lines.length === 0) throw new Error('No worker sleeps');
      return lines.map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
    },
    async proxy() {
      const proxy = await TcpProxy.start(server.port);
      onTestFinished(() => proxy.close());
      return proxy;
    },
  };
}

const OBSERVER = 'observer';
