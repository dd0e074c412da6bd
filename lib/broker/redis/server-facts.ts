import type { ServerFacts } from '../broker-observer.js';

/** With it came `RPOP` with a count, `ZADD … LT` and `HRANDFIELD`, which the scripts use. */
const OLDEST_VERSION = '6.2';

/** Reads the reply of `INFO`, whichever sections it holds. Valkey gives the version of Redis that it stands for. */
export function readServerFacts(info: string): ServerFacts {
  const field = (name: string): string | null => new RegExp(`^${name}:(.+?)\\r?$`, 'm').exec(info)?.[1] ?? null;
  const version = field('redis_version');
  return {
    version,
    isRecentEnough: version === null || isAtLeast(version, OLDEST_VERSION),
    evictionPolicy: field('maxmemory_policy'),
  };
}

/** Compares major and minor version; what cannot be read is given the benefit of the doubt. */
function isAtLeast(version: string, oldest: string): boolean {
  const [major, minor] = numbers(version);
  const [oldestMajor = 0, oldestMinor = 0] = numbers(oldest);
  if (major === undefined || minor === undefined) return true;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function numbers(version: string): number[] {
  return (/^(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
}
