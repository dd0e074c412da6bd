import type { Redis } from 'ioredis';

/** What Redis has done so far. */
export interface RedisUsage {
  /** CPU time of all its threads. */
  cpuMicros: number;
  /** Commands, those that scripts called included. */
  commands: number;
}

/** This reading is itself a command, and is counted from the next one on. */
export async function redisUsage(redis: Redis): Promise<RedisUsage> {
  const text = await redis.info('cpu', 'commandstats');
  const calls = [...text.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)];
  return {
    cpuMicros: (field(text, 'used_cpu_user') + field(text, 'used_cpu_sys')) * 1_000_000,
    commands: calls.reduce((sum, [, count]) => sum + Number(count), 0),
  };
}

export interface RedisMemory {
  used: number;
  dataset: number;
}

export async function redisMemory(redis: Redis): Promise<RedisMemory> {
  const text = await redis.info('memory');
  return { used: field(text, 'used_memory'), dataset: field(text, 'used_memory_dataset') };
}

/** How many connections Redis has at present. */
export async function redisConnections(redis: Redis): Promise<number> {
  return String(await redis.client('LIST'))
    .trim()
    .split('\n').length;
}

export async function redisVersion(redis: Redis): Promise<string> {
  return /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
}

function field(info: string, name: string): number {
  const value = new RegExp(`^${name}:([0-9.]+)\r?$`, 'm').exec(info)?.[1];
  if (value === undefined) throw new Error(`INFO has no ${name}.`);
  return Number(value);
}
