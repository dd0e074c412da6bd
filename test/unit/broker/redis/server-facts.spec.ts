import { describe, expect, it } from 'vitest';
import { readServerFacts } from '../../../../lib/broker/redis/server-facts.js';

const NOTHING = {
  version: null,
  isRecentEnough: true,
  evictionPolicy: null,
  isAppendOnly: null,
  isSaving: null,
  usedBytes: null,
  maxBytes: null,
  timeMs: null,
};

describe('readServerFacts', () => {
  it.each([
    ['7.0.15', true],
    ['6.2.0', true],
    ['6.2', true],
    ['6.10.1', true],
    ['8.0.0-rc1', true],
    ['10.0.0', true],
    ['255.255.255', true],
    ['6.1.99', false],
    ['6.0.16', false],
    ['5.0.14', false],
    ['2.8.24', false],
    ['unstable', true],
  ])('version %s is recent enough: %s', (version, isRecentEnough) => {
    const info = `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`;
    expect(readServerFacts(info)).toEqual({ ...NOTHING, version, isRecentEnough });
  });

  it('goes by the version of Redis that Valkey stands for', () => {
    const info = '# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.3\r\n';
    expect(readServerFacts(info)).toMatchObject({ version: '7.2.4', isRecentEnough: true });
  });

  it('reads the eviction policy, and no other field for it', () => {
    const info = '# Memory\r\nmaxmemory:0\r\nx_maxmemory_policy:y\r\nmaxmemory_policy:allkeys-lru\r\nmem:1\r\n';
    expect(readServerFacts(info).evictionPolicy).toBe('allkeys-lru');
  });

  it('asks nothing of a server that tells nothing', () => {
    expect(readServerFacts('')).toEqual(NOTHING);
  });

  it('reads what is to be known of memory, persistence and the clock', () => {
    const info =
      'server_time_usec:1796068085264507\r\nused_memory:916664\r\nmaxmemory:0\r\naof_enabled:1\r\naof_last_write_status:ok\r\nrdb_last_bgsave_status:err\r\n';
    expect(readServerFacts(info)).toMatchObject({
      isAppendOnly: true,
      isSaving: false,
      usedBytes: 916_664,
      maxBytes: 0,
      timeMs: 1796068085264.507,
    });
  });
});
