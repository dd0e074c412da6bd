import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskStatus } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { SampleProcess } from './sample-process.js';
import { sampleRedis } from './sample-redis.js';

const { url, redis } = sampleRedis(15);

beforeEach(async () => {
  await redis.flushdb();
});

describe('sample/basic', () => {
  it('accepts an e-mail at once, and tells at its address how far it is', async () => {
    const { base } = await startBasic();
    const response = await post(base, { to: 'ann@example.org', subject: 'Hello' });
    expect(response.status).toBe(202);
    const { id, status } = (await response.json()) as { id: string; status: string };
    expect(id).toMatch(/^email:[0-9A-Z]{26}$/);
    expect(status).toBe(`/tasks/${encodeURIComponent(id)}`);
    expect(response.headers.get('location')).toBe(status);

    const seen = new Set<unknown>();
    const done = await eventually(async () => {
      const task = await getTask(base, id);
      seen.add(task.progress);
      return task.state === 'completed' ? task : null;
    });
    expect([...seen]).toEqual(expect.arrayContaining([25, 50, 75, 100]));
    expect(done).toMatchObject({ id, queue: 'email', name: 'email.send', attempt: 1, error: null });
    expect(done.result).toEqual({
      messageId: expect.stringMatching(/^<.+@example\.org>$/) as string,
      to: 'ann@example.org',
      subject: 'Hello',
    });
    expect(await redis.hget(`task_status:{email}:${id.slice('email:'.length)}`, 'state')).toBe('completed');
  });

  it('tells why an e-mail could not be sent, without a stack', async () => {
    const { base } = await startBasic();
    const response = await post(base, { to: 'bob@nowhere.invalid' });
    const { id } = (await response.json()) as { id: string };
    const failed = await eventually(async () => {
      const task = await getTask(base, id);
      return task.state === 'failed' ? task : null;
    });
    expect(failed.error).toEqual({ name: 'Error', message: 'There is no mail server for bob@nowhere.invalid' });
    expect(failed.result).toBeNull();
  });

  it('tells each change as an event, until the task has ended', async () => {
    const { base } = await startBasic();
    const { id } = (await (await post(base, { to: 'ann@example.org' })).json()) as { id: string };
    const response = await fetch(`${base}/tasks/${encodeURIComponent(id)}/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    // Ends by itself.
    const events = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, data = '']) => JSON.parse(data) as TaskStatus,
    );
    expect(events.length).toBeGreaterThan(1);
    expect(events.at(-1)).toMatchObject({ id, state: 'completed', progress: 100 });
    const again = await (await fetch(`${base}/tasks/${encodeURIComponent(id)}/events`)).text();
    expect(again.match(/^data: /gm)).toHaveLength(1);
  });

  it('has the log of a task', async () => {
    const { base } = await startBasic();
    const { id } = (await (await post(base, { to: 'bob@nowhere.invalid' })).json()) as { id: string };
    await eventually(async () => (await getTask(base, id)).state === 'failed');
    const lines = (await (await fetch(`${base}/tasks/${encodeURIComponent(id)}/logs`)).json()) as { line: string }[];
    expect(lines.map(({ line }) => line)).toEqual(['looking for the mail server', 'saying hello', 'handing over']);
    expect(await (await fetch(`${base}/tasks/email:unknown/logs`)).json()).toEqual([]);
  });

  it('has a page', async () => {
    const { base } = await startBasic();
    const response = await fetch(base);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toContain('role="progressbar"');
  });

  it('answers 400 to a bad body, and adds nothing', async () => {
    const { base } = await startBasic();
    for (const body of [{}, [], { to: 5 }, { to: 'ann' }, { to: 'a@b c@d' }, { to: 'a@b', subject: 5 }]) {
      expect(await post(base, body)).toMatchObject({ status: 400 });
    }
    expect(await fetch(`${base}/emails`, { method: 'POST' })).toMatchObject({ status: 400 });
    expect(await fetch(`${base}/emails`, { ...json, body: '{"to":' })).toMatchObject({ status: 400 });
    expect(await redis.keys('task_status:*')).toEqual([]);
    expect(await redis.llen('task_queue:{email}')).toBe(0);
  });

  it('answers 404 where there is no such task, and 400 to what is no address', async () => {
    const { base } = await startBasic();
    for (const path of ['email:unknown', 'email%3Aunknown', 'no-colon', '%3A', '%23%7B%7D', 'email%3A%2F..%2F']) {
      expect(await fetch(`${base}/tasks/${path}`)).toMatchObject({ status: 404 });
      expect(await fetch(`${base}/tasks/${path}/events`)).toMatchObject({ status: 404 });
    }
    expect(await fetch(`${base}/tasks/%E0%A4%A`)).toMatchObject({ status: 400 });
  });

  it('finds tasks by ids that another producer chose, whatever stands in them', async () => {
    const { base } = await startBasic();
    const ids = ['order:7/mail:2', 'a b+c%20d%', '?x=1#top', '../../etc', '{email}', 'é☃😀', '"\\\n'];
    const data = { to: 'ann@example.org', subject: 'Plain' };
    const tasks = ids.map((id) => JSON.stringify({ id, attempt: 0, name: 'email.send', data }));
    await redis.lpush('task_queue:{email}', ...tasks);
    await redis.lpush('task_bell:{email}', '1');

    const done = await eventually(async () => {
      const found = await Promise.all(ids.map((id) => getTask(base, `email:${id}`)));
      return found.every(({ state }) => state === 'completed') ? found : null;
    });
    expect(done.map(({ id }) => id)).toEqual(ids.map((id) => `email:${id}`));
    for (const { result } of done) expect(result).toMatchObject(data);
  });

  it('finishes what is under way when it is stopped', async () => {
    const { sample, base } = await startBasic();
    const response = await post(base, { to: 'ann@example.org' });
    const { id } = (await response.json()) as { id: string };
    await eventually(async () => (await getTask(base, id)).state === 'active');

    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await redis.hget(`task_status:{email}:${id.slice('email:'.length)}`, 'state')).toBe('completed');
    expect(await redis.zcard('task_workers:{email}')).toBe(0);
  });

  it('ends although somebody listens to events', async () => {
    const { sample, base } = await startBasic();
    await redis.hset('task_status:{email}:stays', 'state', 'waiting', 'name', 'email.send');
    const response = await fetch(`${base}/tasks/email:stays/events`);
    const rest = response.text().catch(() => 'cut off');
    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
    await rest;
  });

  it('brings its own Redis if there is none, which ends with it', async () => {
    const servers = await mkdtemp(join(tmpdir(), 'basic-spec-'));
    const { sample, base } = await startBasic({ REDIS_URL: undefined, TMPDIR: servers });
    expect(sample.stdout).toMatch(/using a private server, redis:\/\/127\.0\.0\.1:\d+$/m);
    expect(sample.descendants().length).toBeGreaterThanOrEqual(2); // Redis with its guard
    expect(await post(base, { to: 'ann@example.org' })).toMatchObject({ status: 202 });

    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
    await eventually(() => sample.leftOver().length === 0, { what: 'All processes have ended' });
    expect(await readdir(servers)).toEqual([]);
    await rm(servers, { recursive: true });
  });

  it('prints commands to try', async () => {
    const { sample, base } = await startBasic();
    expect(sample.stdout).toContain(`curl -i ${base}/emails -H 'Content-Type: application/json' -d '{"to":`);
    expect(sample.stdout).toContain(`curl ${base}/tasks/<id>`);
  });

  it('loads what is preloaded, instrumentation say, into the application and not into the thread that keeps leases', async () => {
    const preload = `data:text/javascript,${encodeURIComponent('console.error("preloaded")')}`;
    const { sample, base } = await startBasic({ NODE_OPTIONS: `--import ${preload}` });
    const { id } = (await (await post(base, { to: 'ann@example.org' })).json()) as { id: string };
    await eventually(async () => (await getTask(base, id)).state === 'completed');
    expect(sample.stderr.match(/preloaded/g)).toHaveLength(1);
  });

  it.each(['web', '-1', '65536'])('refuses PORT=%s', async (port) => {
    const sample = SampleProcess.start('basic', { env: { REDIS_URL: url, PORT: port } });
    expect(await sample.closed).toEqual({ code: 1, signal: null });
    expect(sample.stderr).toBe(`PORT is "${port}"; allowed is a number from 0 (any free port) to 65535.\n`);
  });
});

const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } };

/** Starts it on a free port. */
async function startBasic(
  env: Record<string, string | undefined> = {},
): Promise<{ sample: SampleProcess; base: string }> {
  const sample = SampleProcess.start('basic', { env: { REDIS_URL: url, PORT: '0', ...env } });
  const [, base = ''] = await sample.printed(/Listening on (http:\/\/localhost:\d+)\.[^]*tasks\/<id>\n/);
  return { sample, base };
}

async function post(base: string, body: unknown): Promise<Response> {
  return fetch(`${base}/emails`, { ...json, body: JSON.stringify(body) });
}

/** @throws if the answer is not 200 */
async function getTask(base: string, id: string): Promise<TaskStatus> {
  const response = await fetch(`${base}/tasks/${encodeURIComponent(id)}`);
  expect(response.status).toBe(200);
  return (await response.json()) as TaskStatus;
}
