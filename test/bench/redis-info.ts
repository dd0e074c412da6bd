import type { Redis } from 'ioredis';

/** All CPU time that the server has used so far, of all its threads. */
export async function redisCpuMicros(redis: Redis): Promise<number> {
  const cpu = await info(redis, 'cpu');
  return (cpu('used_cpu_user') + cpu('used_cpu_sys')) * 1_000_000;
}

export interface RedisMemory {
  used: number;
  dataset: number;
}

export async function redisMemory(redis: Redis): Promise<RedisMemory> {
  const memory = await info(redis, 'memory');
  return { used: memory('used_memory'), dataset: memory('used_memory_dataset') };
}

export async function redisVersion(redis: Redis): Promise<string> {
  return /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
}

async function info(redis: Redis, section: string): Promise<(field: string) => number> {
  const text = await redis.info(section);
  return (field) => {
    const value = new RegExp(`^${field}:([0-9.]+)\r?$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`INFO ${section} has no ${field}.`);
    return Number(value);
  };
}
