import type { ServerFacts } from '../broker-observer.js';

/** With it came `RPOP` with a count, `ZADD … LT` and `HRANDFIELD`, which the scripts use. */
const OLDEST_VERSION = '6.2';

/** Reads the reply of `INFO`, whichever sections it holds. Valkey gives the version of Redis that it stands for. */
export function readServerFacts(info: string): ServerFacts {
  const field = (name: string): string | null => new RegExp(`^${name}:(.+?)\\r?$`, 'm').exec(info)?.[1] ?? null;
  const number = (name: string): number | null => (field(name) === null ? null : Number(field(name)));
  const version = field('redis_version');
  const saves = [field('aof_last_write_status'), field('rdb_last_bgsave_status')].filter((status) => status !== null);
  const timeUs = number('server_time_usec');
  return {
    version,
    isRecentEnough: version === null || isAtLeast(version, OLDEST_VERSION),
    evictionPolicy: field('maxmemory_policy'),
    isAppendOnly: field('aof_enabled') === null ? null : field('aof_enabled') === '1',
    isSaving: saves.length === 0 ? null : saves.every((status) => status === 'ok'),
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    timeMs: timeUs === null ? null : timeUs / 1_000,
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
