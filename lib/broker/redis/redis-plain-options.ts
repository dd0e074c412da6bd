import type { RedisOptions } from 'ioredis';
import { optionsOf, type RedisSource } from './redis-source.js';

/** Functions that a connection can do without: they say when to try again, which whoever opens it decides anew. */
const DISPENSABLE = new Set([
  'retryStrategy',
  'reconnectOnError',
  'sentinelRetryStrategy',
  'sentinelReconnectStrategy',
  'scripts',
]);

/**
 * The options of a Redis source as data that can be sent to another thread.
 * @throws Error that names the option without which the connection would lead elsewhere, if it cannot be sent
 */
export function plainOptions(source: RedisSource): RedisOptions {
  const entries = Object.entries(optionsOf(source)).filter(([name]) => !DISPENSABLE.has(name));
  for (const [name, value] of entries) {
    const obstacle = obstacleIn(value, name);
    if (obstacle) throw new Error(`the option "${obstacle}" of Redis cannot be sent to a thread`);
  }
  return Object.fromEntries(entries);
}

/** The path of what a copy would lose: functions, and objects that are more than their members. */
function obstacleIn(value: unknown, path: string): string | null {
  if (typeof value === 'function' || typeof value === 'symbol') return path;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [key, member] of Object.entries(value)) {
    const obstacle = obstacleIn(member, `${path}.${key}`);
    if (obstacle) return obstacle;
  }
  return null;
}
