import type {} from 'vitest'; // what is declared below adds to this module
import type { TestProject } from 'vitest/node';
import { RedisServer } from '../../lib/testing/redis-server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The private Redis server that all test files share; each keeps to a prefix of its own. */
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await RedisServer.start();
  project.provide('redisUrl', server.url);
  return () => server.stop();
}
