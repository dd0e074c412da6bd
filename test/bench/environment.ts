import type { Redis } from 'ioredis';
import { cpus } from 'node:os';
import type { Peer } from './peer.js';
import { redisVersion } from './redis-info.js';

/** What the figures depend on beside the code. */
export interface Environment {
  date: string;
  node: string;
  redis: string;
  cpu: string;
  peers: Record<string, { title: string; setup: string }>;
}

export async function describeEnvironment(redis: Redis, peers: ReadonlyMap<string, Peer>): Promise<Environment> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    node: process.version,
    redis: await redisVersion(redis),
    cpu: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    peers: Object.fromEntries([...peers].map(([name, { title, setup }]) => [name, { title, setup }])),
  };
}

export function showEnvironment({ node, redis, cpu, peers }: Environment): string {
  const lines = Object.entries(peers).map(([name, { title, setup }]) => `  ${name}: ${title}; ${setup}`);
  return [`Node ${node}, Redis ${redis}, ${cpu}`, ...lines].join('\n');
}
