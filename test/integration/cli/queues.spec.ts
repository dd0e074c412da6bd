import { beforeEach, describe, expect, it } from 'vitest';
import { FailTask, TaskHandler } from '../../../lib/index.js';
import { call, callAt, jsonOf } from '../../support/command-line.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('cli-queues');
let ran = 0;
beforeEach(() => (ran = 0));

class Tasks {
  @TaskHandler('work', { queue: 'q' })
  work(data: unknown): void {
    ran++;
    if (data === 'bad') throw new FailTask('no way');
  }
}

const start = (): Promise<TestApp> => startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);

async function add(...data: unknown[]): Promise<void> {
  for (const each of data) await callAt(fixture, ['add', 'work', JSON.stringify(each), '-q', 'q']);
}

interface Page {
  tasks: { id: string; data: unknown; state: string }[];
  cursor: string | null;
}

describe('list', () => {
  it('lists what waits, in pages', async () => {
    await add('a', 'b', 'c');
    const first = await jsonOf<Page>(fixture, 'list', 'q', '--limit', '2');
    expect(first.tasks.map(({ data }) => data)).toEqual(['a', 'b']);
    const next = await jsonOf<Page>(fixture, 'list', 'q', '--cursor', String(first.cursor));
    expect(next.tasks.map(({ data }) => data)).toEqual(['c']);
  });

  it('shows a table to people, and says how it goes on', async () => {
    await add({ to: 'ann' }, 2, 3);
    const { code, out, err } = await callAt(fixture, ['list', 'q', '-n', '1']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ID +NAME +ATTEMPT +ADDED +DUE +DATA\nq:\w+ +work +0 .* \{"to":"ann"\}\n$/);
    expect(err).toMatch(/^There may be more: --cursor \S+\n$/);
    expect((await callAt(fixture, ['list', 'q', '--search', 'bob'])).out).toBe('None\n');
  });

  it('takes a malformed cursor for a wrong call', async () => {
    const { code, err } = await callAt(fixture, ['list', 'q', '--cursor', 'nonsense']);
    expect(code).toBe(2);
    expect(err).toContain('INVALID_CURSOR');
  });
});

describe('dead', () => {
  it('says why they died', async () => {
    await add('bad', 'good');
    await start();
    await eventually(async () => (await jsonOf<Page>(fixture, 'dead', 'q')).tasks.length === 1);
    const { out } = await callAt(fixture, ['dead', 'q']);
    expect(out).toContain('no way');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('pause and resume', () => {
  it('say whether they have changed anything', async () => {
    const outs = [];
    for (const name of ['pause', 'pause', 'resume', 'resume']) outs.push((await callAt(fixture, [name, 'q'])).out);
    expect(outs).toEqual(['q is paused\n', 'q was paused already\n', 'q goes on\n', 'q was not paused\n']);
  });

  it('hold workers back, and let them go on', async () => {
    await callAt(fixture, ['pause', 'q']);
    const { producer, status } = await start();
    const { id } = await producer.add('work', 1);
    expect(await jsonOf(fixture, 'stats', 'q')).toMatchObject([{ queue: 'q', waiting: 1, paused: true }]);
    expect(ran).toBe(0);
    await callAt(fixture, ['resume', 'q']);
    await reaches(status, id, 'completed');
  });
});

describe('drain', () => {
  it('drops what waits, once somebody has said yes', async () => {
    await add(1, 2, 3);
    expect(await callAt(fixture, ['drain', 'q'])).toMatchObject({ code: 2 });
    expect((await callAt(fixture, ['drain', 'q', '--dry-run'])).out).toBe('3 would be dropped\n');
    const asked = await callAt(fixture, ['drain', 'q'], { isTTY: true, stdin: 'n\n' });
    expect(asked.code).toBe(1);
    expect(asked.err).toContain('Drop all that waits in q? [y/N]');
    expect((await jsonOf<Page>(fixture, 'list', 'q')).tasks).toHaveLength(3);
    expect(await callAt(fixture, ['drain', 'q'], { isTTY: true, stdin: 'y\n' })).toMatchObject({
      code: 0,
      out: '3 dropped\n',
    });
    expect(await jsonOf(fixture, 'drain', 'q', '--yes')).toMatchObject({ queue: 'q', done: 0, dryRun: false });
  });

  it('drops what waits for its time only if told to', async () => {
    await callAt(fixture, ['add', 'work', '-q', 'q', '--delay', '1h']);
    expect(await jsonOf(fixture, 'drain', 'q', '--yes')).toMatchObject({ done: 0 });
    expect(await jsonOf(fixture, 'drain', 'q', '--yes', '--scheduled')).toMatchObject({ done: 1 });
  });
});

describe('stats', () => {
  it('counts the queues on which somebody has worked', async () => {
    expect((await callAt(fixture, ['stats'])).out).toContain('name one');
    await start();
    await eventually(async () => (await callAt(fixture, ['stats'])).out.includes('q '));
    const [row] = await jsonOf<unknown[]>(fixture, 'stats');
    expect(row).toMatchObject({ queue: 'q', waiting: 0, active: 0, failed: 0, paused: false, oldestWaitingMs: null });
  });

  it('is printed again and again with --watch, until somebody interrupts', async () => {
    const interrupted = new AbortController();
    const onOut = (out: string): void => {
      if (out.split('\n').length > 2) interrupted.abort();
    };
    const argv = ['stats', 'q', '--watch', '--json'];
    const { code, out } = await callAt(fixture, argv, { signal: interrupted.signal, onOut });
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n').length).toBeGreaterThan(1);
  });
});

describe('workers', () => {
  it('lists those that live', async () => {
    expect((await callAt(fixture, ['workers', 'q'])).out).toBe('None\n');
    await start();
    const [worker] = await eventually(async () => {
      const found = await jsonOf<{ pid: number; queues: string[] }[]>(fixture, 'workers');
      return found.length > 0 && found;
    });
    expect(worker).toMatchObject({ pid: process.pid, queues: ['q'] });
    expect((await callAt(fixture, ['workers'])).out).toContain(` ${process.pid} `);
  });
});

describe('doctor', () => {
  it('finds nothing but warnings in what is well', async () => {
    await add(1);
    const report = await jsonOf<{ isWell: boolean; findings: { check: string; level: string; text: string }[] }>(
      fixture,
      'doctor',
      'q',
    );
    expect(report.isWell).toBe(true);
    const of = (check: string): unknown => report.findings.find((finding) => finding.check === check);
    expect(of('version')).toMatchObject({ level: 'ok' });
    expect(of('clock')).toMatchObject({ level: 'ok' });
    expect(of('workers q')).toMatchObject({ level: 'warning', text: '1 waiting, and no worker' });
    expect(of('queue q')).toMatchObject({ level: 'ok', text: 'consistent' });
  });

  it('fails where a queue contradicts itself', async () => {
    await fixture.redis.hset(`${fixture.prefix}task_parked:{q}`, 'orphan', '{"id":"orphan","attempt":0,"name":"work"}');
    const { code, out } = await callAt(fixture, ['doctor', 'q']);
    expect(code).toBe(1);
    expect(out).toMatch(/^queue q +FAIL +1 × \w+ \(q:orphan\)/m);
    expect(await fixture.keys()).toEqual(['task_parked:{q}']);
  });
});

describe('bench', () => {
  it('measures, and leaves nothing behind', async () => {
    const rates = await jsonOf<Record<string, number>>(fixture, 'bench', '--tasks', '500', '--concurrency', '5');
    expect(rates).toMatchObject({ tasks: 500, concurrency: 5 });
    expect(rates['addedPerSecond']).toBeGreaterThan(0);
    expect(rates['completedPerSecond']).toBeGreaterThan(0);
    expect(await fixture.keys()).toEqual([]);
  });
});

describe('a Redis that refuses', () => {
  it('is named', async () => {
    const { code, err } = await call(['stats', 'q', '--redis', 'http://127.0.0.1']);
    expect(code).not.toBe(0);
    expect(err).not.toBe('');
  });
});
