import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProgressBar } from '../../sample/digest/src/progress-bar.js';
import { eventually } from '../support/eventually.js';
import { SampleProcess } from './sample-process.js';
import { sampleRedis } from './sample-redis.js';

const LIB = fileURLToPath(new URL('../../lib', import.meta.url));

const { url, redis } = sampleRedis(14);
let temporary: string;
let folders = 0;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'digest-spec-'));
});

beforeEach(async () => {
  await redis.flushdb();
});

afterAll(async () => {
  await rm(temporary, { recursive: true });
});

describe('sample/digest', () => {
  it('prints size, lines and hash of every file, below all folders', async () => {
    const files = {
      'empty.txt': '',
      'ended.txt': 'one\ntwo\n',
      'not-ended.txt': 'one\ntwo',
      'sub/deeper/large.txt': 'a line of a file that is read in several pieces\n'.repeat(10_000),
      'sub/only line feeds': '\n\n\n',
      'ünïcödé.txt': 'ä\nö',
    };
    const sample = digest(await folderWith(files));
    expect(await sample.closed).toEqual({ code: 0, signal: null });

    expect(sample.lines).toEqual(expect.arrayContaining(Object.entries(files).map(([path, text]) => row(path, text))));
    const texts = Object.values(files);
    expect(sample.stdout).toContain(
      `6 files, ${english(sum(texts.map(sizeOf)))} bytes, ${english(sum(texts.map(linesOf)))} lines\n6 tasks in `,
    );
    expect(sample.stdout).toContain('6 of 6 tasks done');
    expect(sample.stderr).toBe('');
  });

  it('leaves one status key per file in Redis, and prints one as it stands there', async () => {
    const files = numbered(5);
    const sample = digest(await folderWith(files));
    expect(await sample.closed).toEqual({ code: 0, signal: null });

    const keys = await redis.keys('task_status:{digest}:*');
    const results = await Promise.all(keys.map((key) => redis.hget(key, 'result')));
    const expected = Object.values(files).map((text) => ({
      size: sizeOf(text),
      lines: linesOf(text),
      sha256: sha(text),
    }));
    expect(results.map((json) => JSON.parse(json ?? '') as unknown)).toEqual(expect.arrayContaining(expected));
    expect(keys).toHaveLength(5);

    const [, key] = /^\$ redis-cli -u "\$REDIS_URL" HGETALL '(.+)'$/m.exec(sample.stdout) ?? [];
    expect(keys).toContain(key);
    for (const [field, value] of Object.entries(await redis.hgetall(key ?? ''))) {
      expect(sample.lines).toContain(`${field.padEnd(9)} ${value}`);
    }
  });

  it('lets worker processes do the work, which have all ended when it ends', async () => {
    const files = numbered(300);
    const sample = digest(await folderWith(files), '--processes', '3');

    await sample.printed(/300 files in .* by 3 worker processes/);
    sample.signal('SIGSTOP'); // it cannot end before we have looked
    expect(sample.descendants()).toHaveLength(3);
    await eventually(async () => (await redis.zcard('task_workers:{digest}')) === 3, { what: 'Three work' });
    sample.signal('SIGCONT');

    expect(await sample.closed).toEqual({ code: 0, signal: null });
    expect(sample.leftOver()).toEqual([]);
    expect(await redis.zcard('task_workers:{digest}')).toBe(0);
    expect(sample.stdout).toContain(`300 files, ${english(sum(Object.values(files).map(sizeOf)))} bytes`);
    expect(sample.stderr).toBe('');
  });

  it('brings its own Redis if there is none, and takes the lib of this project for the folder', async () => {
    const servers = await folderWith({});
    const sample = SampleProcess.start('digest', { cwd: temporary, env: { TMPDIR: servers } });

    const count = (await readdir(LIB, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    await sample.printed(/digested in this process/);
    sample.descendants();
    expect(sample.stdout).toContain(`${count.length} files in ${LIB}, digested in this process`);

    expect(await sample.closed).toEqual({ code: 0, signal: null });
    expect(sample.stdout).toMatch(/^broker\/envelope\.ts +[\d,]+ +\d+ +[0-9a-f]{12}$/m);
    const [, server = ''] = /redis-cli -u (redis:\S+) HGETALL/.exec(sample.stdout) ?? [];
    await expectNoRedis(server);
    expect(await readdir(servers)).toEqual([]);
    expect(sample.leftOver()).toEqual([]);
  });

  it('reports a file that cannot be read as failed, above all others, and exits with 1', async () => {
    const folder = await folderWith(numbered(60));
    await unreadableFile(folder);
    const sample = digest(folder);
    expect(await sample.closed).toEqual({ code: 1, signal: null });

    const first = sample.lines.findIndex((line) => line.startsWith('Path')) + 1;
    expect(sample.lines[first]).toMatch(/^z.* failed: E[A-Z]+: /);
    expect(sample.lines[first + 40]).toBe('… and 21 more');
    expect(sample.stdout).toContain('1 file failed');
    expect(sample.stdout).toMatch(/^60 files, /m);
  });

  it('follows no symbolic links, and skips node_modules', async () => {
    const folder = await folderWith({ 'a.txt': 'a', 'node_modules/b.txt': 'b' });
    await symlink(folder, join(folder, 'circle'));
    await symlink('nowhere', join(folder, 'dangling'));
    const sample = digest(folder);
    expect(await sample.closed).toEqual({ code: 0, signal: null });
    expect(sample.stdout).toContain('Left out 3 entries');
    expect(sample.stdout).toContain(`1 file in ${folder}`);
  });

  it('says that a folder is empty', async () => {
    const folder = await folderWith({});
    const sample = digest(folder);
    expect(await sample.closed).toEqual({ code: 0, signal: null });
    expect(sample.stdout).toBe(`There are no files in ${folder}.\n`);
  });

  it.each([
    [['/no/such/folder'], 'The folder /no/such/folder cannot be found (ENOENT).'],
    [[join(LIB, 'index.ts')], `${join(LIB, 'index.ts')} is not a folder.`],
    [[''], 'The name of the folder is empty.'],
    [['a', 'b'], 'One folder can be digested, not 2.'],
    [[LIB, '--processes', '0'], '--processes takes a whole number from 1 to 64, not "0".'],
    [[LIB, '--processes', '65'], '--processes takes a whole number from 1 to 64, not "65".'],
    [[LIB, '--processes', 'three'], '--processes takes a whole number from 1 to 64, not "three".'],
    [[LIB, '--processes', '-1'], '--processes takes a whole number from 1 to 64.'],
    [[LIB, '--processes'], '--processes takes a whole number from 1 to 64.'],
    [[LIB, '--threads'], "Unknown option '--threads'."],
  ])('refuses %j with one sentence and its usage', async (args, sentence) => {
    const sample = SampleProcess.start('digest', { args, env: { REDIS_URL: url } });
    expect(await sample.closed).toEqual({ code: 2, signal: null });
    expect(sample.stderr).toMatch(/^.+\n\nUsage: npm start -- /);
    expect(sample.stderr.split('\n')[0]).toBe(sentence);
    expect(sample.stdout).toBe('');
    expect(await redis.dbsize()).toBe(0);
  });

  it('says in one line that Redis cannot be reached, or that its URL is wrong', async () => {
    const folder = await folderWith(numbered(2));
    for (const [wrongUrl, message] of [
      ['redis://127.0.0.1:1', /Redis could not be reached .*ECONNREFUSED/],
      ['nonsense', /^Option "redis" is 'text that is no URL and no path'; allowed is a URL/],
    ] as const) {
      const sample = SampleProcess.start('digest', { args: [folder], env: { REDIS_URL: wrongUrl } });
      expect(await sample.closed).toEqual({ code: 1, signal: null });
      expect(sample.stderr).toMatch(message);
      expect(sample.stderr.trim()).not.toContain('\n');
    }
  });

  it('gives back what is not done when it is interrupted', async () => {
    const sample = digest(await folderWithEndlessWork(), '-p', '2');
    await eventually(async () => (await completed()) === 2, { what: 'Two small files are done' });
    expect(sample.descendants()).toHaveLength(2);

    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: 143, signal: null });
    expect(sample.stderr).toBe('Interrupted by SIGTERM.\n');
    expect(sample.leftOver()).toEqual([]);
    expect(await redis.llen('task_queue:{digest}')).toBe(1);
    expect(await redis.keys('task_active:*')).toEqual([]);
    expect(await redis.zcard('task_workers:{digest}')).toBe(0);
  });

  it('leaves no process behind, not even if it is killed', async () => {
    const servers = await folderWith({});
    const args = [await folderWithEndlessWork(), '-p', '2'];
    const sample = SampleProcess.start('digest', { args, env: { TMPDIR: servers } });
    await sample.printed(/by 2 worker processes/);
    expect(sample.descendants().length).toBeGreaterThanOrEqual(4); // two workers, and Redis with its guard

    sample.signal('SIGKILL');
    expect(await sample.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await eventually(() => sample.leftOver().length === 0, { what: 'All processes have ended' });
    expect(await readdir(servers)).toEqual([]);
  });

  it('gives up when no worker process is left', async () => {
    const sample = digest(await folderWithEndlessWork(), '-p', '2');
    await sample.printed(/by 2 worker processes/);
    for (const pid of sample.descendants()) process.kill(pid, 'SIGKILL');

    expect(await sample.closed).toEqual({ code: 1, signal: null });
    expect(sample.stderr).toMatch(/Worker process \d+ ended \(SIGKILL\)\.\n(.*\n)*No worker process is left\.\n$/);
  });

  it('ends when nobody reads its output any more', async () => {
    const sample = digest(await folderWithEndlessWork());
    await sample.printed(/in this process/);
    sample.closeOutput();
    expect(await sample.closed).toEqual({ code: 141, signal: null });
  });
});

describe('its progress bar', () => {
  it('is redrawn in place on a terminal', () => {
    const written: string[] = [];
    const bar = new ProgressBar(1_000, {
      isTTY: true,
      write: (text: string | Uint8Array) => written.push(String(text)) > 0,
    });
    bar.show(0);
    bar.show(500);
    bar.show(1_000);
    bar.end();
    expect(written).toEqual([
      `\r${'░'.repeat(30)} 0 of 1,000 tasks done`,
      `\r${'█'.repeat(15)}${'░'.repeat(15)} 500 of 1,000 tasks done`,
      `\r${'█'.repeat(30)} 1,000 of 1,000 tasks done`,
      '\n',
    ]);
  });

  it('is a line per quarter elsewhere', () => {
    const written: string[] = [];
    const bar = new ProgressBar(8, {
      isTTY: false,
      write: (text: string | Uint8Array) => written.push(String(text)) > 0,
    });
    for (let done = 0; done <= 8; done++) bar.show(done);
    bar.end();
    expect(written).toEqual([2, 4, 6, 8].map((done) => `${done} of 8 tasks done\n`));
  });
});

function digest(folder: string, ...args: string[]): SampleProcess {
  return SampleProcess.start('digest', { args: [folder, ...args], env: { REDIS_URL: url } });
}

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = join(temporary, `folder-${folders++}`);
  await mkdir(folder);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Two small files, and one of a terabyte that takes no room on the disk. */
async function folderWithEndlessWork(): Promise<string> {
  const folder = await folderWith(numbered(2));
  const file = await open(join(folder, 'endless'), 'w');
  await file.truncate(2 ** 40);
  await file.close();
  return folder;
}

/** Root may read any file; but a name that is no UTF-8 cannot be opened under what the listing makes of it. */
async function unreadableFile(folder: string): Promise<void> {
  if (process.getuid?.() === 0) await writeFile(Buffer.concat([Buffer.from(`${folder}/z`), Buffer.of(0xff)]), 'z');
  else await writeFile(join(folder, 'z'), 'z', { mode: 0 });
}

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`file-${i}`, `${'x'.repeat(i)}\n`.repeat(i)]));
}

async function completed(): Promise<number> {
  const keys = await redis.keys('task_status:*');
  const states = await Promise.all(keys.map((key) => redis.hget(key, 'state')));
  return states.filter((state) => state === 'completed').length;
}

async function expectNoRedis(server: string): Promise<void> {
  expect(server).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  const client = new Redis(server, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined); // `connect` rejects with it, too
  await expect(client.connect()).rejects.toThrow('Connection is closed');
}

function row(path: string, text: string): RegExp {
  const cells = [path, english(sizeOf(text)), english(linesOf(text)), sha(text).slice(0, 12)];
  return expect.stringMatching(new RegExp(`^${cells.join(' +')}$`)) as RegExp;
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sizeOf(text: string): number {
  return Buffer.byteLength(text);
}

/** As an editor counts them, but for the empty line behind the last line feed. */
function linesOf(text: string): number {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

function english(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
