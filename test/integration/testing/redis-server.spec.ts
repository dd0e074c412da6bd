import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisServer, RedisServerError, type RedisServerOptions } from '../../../lib/testing/index.js';
import { startScript, type RunningScript } from '../../support/start-script.js';

// The servers' temporary folders go below this one, where anything left behind shows.
let temporary: string;
const servers: RedisServer[] = [];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'redis-server-spec-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.stubEnv('TMPDIR', temporary);
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

describe('RedisServer', () => {
  it('answers PING at its URL, on the loopback interface only', async () => {
    const server = await start();
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
    await withClient(server, async (redis) => {
      expect(await redis.ping()).toBe('PONG');
      expect(await redis.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
      expect(await redis.config('GET', 'save')).toEqual(['save', '']);
      expect(await redis.info('server')).toContain(`process_id:${server.pid}`);
    });
  });

  it('gives every server its own port and data', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(first.port).not.toBe(second.port);
    await withClient(first, (redis) => redis.set('where', 'first'));
    await withClient(second, async (redis) => expect(await redis.get('where')).toBeNull());
  });

  it('applies the directives it is given, also those of several words', async () => {
    const server = await start({
      config: { maxmemory: 50_000_000, 'client-output-buffer-limit': ['pubsub', '1mb', 0, 0] },
    });
    await withClient(server, async (redis) => {
      expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', '50000000']);
      const limits = await redis.config('GET', 'client-output-buffer-limit');
      expect(limits[1]).toContain('pubsub 1048576 0 0');
    });
  });

  it('keeps what it answered through a crash, with an append-only file', async () => {
    const server = await start({ aof: true });
    const { pid, port } = server;
    await withClient(server, (redis) => redis.set('kept', 'yes'));

    await server.kill();
    expect(isRunning(pid)).toBe(false);
    expect(server.pid).toBeNull();

    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    await withClient(server, async (redis) => expect(await redis.get('kept')).toBe('yes'));
  });

  it('restarts a server that runs, and forgets the data without an append-only file', async () => {
    const server = await start();
    const { pid } = server;
    await withClient(server, (redis) => redis.set('kept', 'no'));
    await server.restart();
    expect(isRunning(pid)).toBe(false);
    await withClient(server, async (redis) => expect(await redis.get('kept')).toBeNull());
  });

  it('restarts a server that ended by itself', async () => {
    const server = await start();
    process.kill(server.pid!, 'SIGKILL');
    await vi.waitFor(() => expect(server.pid).toBeNull());
    await server.restart();
    await withClient(server, async (redis) => expect(await redis.ping()).toBe('PONG'));
  });

  it('leaves no process and no folder when it is stopped, and may be stopped twice', async () => {
    const server = await start();
    const { pid } = server;
    expect(await readdir(temporary)).toHaveLength(1);

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    expect(isRunning(pid)).toBe(false);
    expect(server.pid).toBeNull();
    expect(await readdir(temporary)).toEqual([]);
    await expect(server.restart()).rejects.toMatchObject({ code: 'REDIS_SERVER_NOT_STARTED' });
  });

  it('removes the folder of a server that was killed, or restarted, once it is stopped', async () => {
    const [killed, restarted] = await Promise.all([start(), start()]);
    await killed.kill();
    await restarted.kill();
    await restarted.restart();
    expect(await readdir(temporary)).toHaveLength(2);
    await Promise.all([killed.stop(), restarted.stop()]);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('stops a server that hangs', async () => {
    const server = await start();
    const { pid } = server;
    process.kill(pid!, 'SIGSTOP');
    await server.stop();
    expect(isRunning(pid)).toBe(false);
  });

  it("keeps the caller's own folder", async () => {
    const dir = join(temporary, 'own');
    const server = await start({ dir, aof: true });
    await withClient(server, (redis) => redis.set('kept', 'yes'));
    await server.stop();

    const next = await start({ dir, aof: true });
    await withClient(next, async (redis) => expect(await redis.get('kept')).toBe('yes'));
    await next.stop();
    expect(await readdir(dir)).toContain('redis.log');
    await rm(dir, { recursive: true });
  });
});

describe('RedisServer, when the process that started it', () => {
  const scripts: RunningScript[] = [];

  afterEach(() => {
    for (const script of scripts.splice(0)) script.process.kill('SIGKILL');
  });

  it.each([
    ['is killed', 'wait', { code: null, signal: 'SIGKILL' }],
    ['calls process.exit()', 'exit', { code: 7, signal: null }],
    ['forgets to stop it', 'forget', { code: 0, signal: null }],
  ])('%s, leaves no process and no folder', async (_title, ending, expectedExit) => {
    const folder = await mkdtemp(join(temporary, 'child-'));
    const script = startScript(new URL('./scripts/start-server.ts', import.meta.url), {
      args: [ending],
      env: { TMPDIR: folder },
    });
    scripts.push(script);
    // It prints this once the server answers.
    const server = JSON.parse(await script.nextLine()) as { pid: number; folder: string };
    expect(server.folder).toMatch(/^nestjs-redis-task-queue-/);

    if (ending === 'wait') script.process.kill('SIGKILL');
    expect(await script.exit).toEqual(expectedExit);
    await vi.waitFor(
      async () => {
        expect(isRunning(server.pid)).toBe(false);
        expect(await readdir(folder)).toEqual([]);
      },
      { timeout: 10_000 },
    );
    await rm(folder, { recursive: true });
  });
});

describe('RedisServer.start', () => {
  it('says what to install if there is no redis-server on the PATH', async () => {
    vi.stubEnv('REDIS_SERVER_BIN', undefined);
    vi.stubEnv('PATH', temporary);
    const error = await failure(RedisServer.start());
    expect(error.code).toBe('REDIS_SERVER_NOT_FOUND');
    expect(error.message).toContain('apt-get install redis-server');
  });

  it('names REDIS_SERVER_BIN if that is no executable file', async () => {
    vi.stubEnv('REDIS_SERVER_BIN', join(temporary, 'nothing-here'));
    const error = await failure(RedisServer.start());
    expect(error.code).toBe('REDIS_SERVER_NOT_FOUND');
    expect(error.message).toContain(join(temporary, 'nothing-here'));
  });

  it('quotes the log if the server does not accept its configuration', async () => {
    const error = await failure(RedisServer.start({ config: { 'no-such-directive': 'yes' } }));
    expect(error.code).toBe('REDIS_SERVER_NOT_STARTED');
    expect(error.message).toContain('no-such-directive');
    expect(await readdir(temporary)).toEqual([]);
  });

  it('takes another port if the first one is taken', async () => {
    // A server that finds its first two ports taken: this binary says so, and then is the real one.
    const calls = join(temporary, 'calls');
    const binary = join(temporary, 'busy-redis-server');
    const script = `#!/bin/sh
      echo x >>'${calls}'
      if [ "$(wc -l <'${calls}')" -le 2 ]; then echo 'bind: Address already in use'; exit 1; fi
      exec redis-server "$@"`;
    await writeFile(binary, script, { mode: 0o755 });
    vi.stubEnv('REDIS_SERVER_BIN', binary);

    const server = await start();
    await withClient(server, async (redis) => expect(await redis.ping()).toBe('PONG'));
    expect((await readFile(calls, 'utf8')).length).toBe(3 * 'x\n'.length);
    await Promise.all([server.stop(), rm(calls), rm(binary)]);
    expect(existsSync(calls)).toBe(false);
  });
});

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  servers.push(server);
  return server;
}

async function withClient(server: RedisServer, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(server.url);
  try {
    await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function failure(starting: Promise<RedisServer>): Promise<RedisServerError> {
  const error = await starting.then(
    () => expect.fail('it started'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RedisServerError);
  return error as RedisServerError;
}

function isRunning(pid: number | null): boolean {
  try {
    process.kill(pid!, 0);
    return true;
  } catch {
    return false;
  }
}
