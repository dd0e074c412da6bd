import { beforeEach, describe, expect, it } from 'vitest';
import { FailTask, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('dead-letters');
const key = (name: string): string => `${fixture.prefix}${name}`;

let isBroken = true;
let ran: [name: string, data: unknown][] = [];

beforeEach(() => {
  isBroken = true;
  ran = [];
});

class Tasks {
  @TaskHandler('mail', { attempts: 2, backoff: 1 })
  mail(data: unknown): string {
    return work('mail', data);
  }

  @TaskHandler('bill')
  bill(data: unknown): string {
    return work('bill', data);
  }
}

function work(name: string, data: unknown): string {
  ran.push([name, data]);
  if (data === 'hopeless') throw new FailTask('no way');
  if (isBroken) throw new TypeError('broken');
  return 'mended';
}

async function start(): Promise<TestApp & { admin: TaskQueueAdmin }> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

/** Dead letters of these names, data counted from 0. */
async function die(app: TestApp, ...names: string[]): Promise<string[]> {
  const added = await app.producer.addBulk(names.map((name, data) => ({ name, data })));
  for (const { id } of added) await reaches(app.status, id, 'failed');
  ran = [];
  return added.map(({ id }) => id);
}

describe('retry', () => {
  it('puts a dead letter back, with all its attempts before it and no trace of the last round', async () => {
    const app = await start();
    const [id = ''] = await die(app, 'mail');
    expect(await app.admin.retry(id)).toBe(true);
    await reaches(app.status, id, 'failed');
    expect(ran).toHaveLength(2);
    isBroken = false;
    expect(await app.admin.retry(id)).toBe(true);
    const status = await reaches(app.status, id, 'completed');
    expect(status).toMatchObject({ attempt: 1, result: 'mended', error: null, earlierErrors: [] });
    expect(await fixture.redis.exists(key('task_dead:{default}'), key('task_parked:{default}'))).toBe(0);
  });

  it('is false for everything else', async () => {
    const app = await start();
    isBroken = false;
    const { id } = await app.producer.add('mail');
    await reaches(app.status, id, 'completed');
    expect(await app.admin.retry(id)).toBe(false);
    expect(await app.admin.retry('default:unknown')).toBe(false);
    expect(await app.admin.retry('unknown')).toBe(false);
  });

  it('does not let the status expire while the task waits', async () => {
    const app = await start();
    const [id = ''] = await die(app, 'mail');
    await app.app.close();
    const admin = (await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false })).app;
    expect(await admin.get(TaskQueueAdmin).retry(id)).toBe(true);
    expect(await fixture.redis.ttl(key(`task_status:{default}:${id.slice(8)}`))).toBe(-1);
    expect(await fixture.redis.llen(key('task_bell:{default}'))).toBe(1);
  });
});

describe('retryAll', () => {
  it('puts back all of a queue, from the oldest on, however many there are', async () => {
    const app = await start();
    const count = 350;
    await die(app, ...Array.from({ length: count }, () => 'bill'));
    isBroken = false;
    expect(await app.admin.retryAll('default')).toBe(count);
    await eventually(() => ran.length === count);
    expect(ran.slice(0, 3)).toEqual([
      ['bill', 0],
      ['bill', 1],
      ['bill', 2],
    ]);
    expect(await fixture.redis.exists(key('task_dead:{default}'))).toBe(0);
  });

  it('does not try again what dies meanwhile', async () => {
    const app = await start();
    await die(app, ...Array.from({ length: 5 }, () => 'bill'));
    expect(await app.admin.retryAll('default')).toBe(5);
    await eventually(async () => (await fixture.redis.zcard(key('task_dead:{default}'))) === 5);
    expect(ran).toHaveLength(5);
  });

  it('leaves what does not match the filter', async () => {
    const app = await start();
    await die(app, 'mail', 'bill', 'mail');
    const { id } = await app.producer.add('bill', 'hopeless');
    await reaches(app.status, id, 'failed');
    ran = [];
    isBroken = false;
    expect(await app.admin.retryAll('default', { name: 'bill', error: 'TypeError' })).toBe(1);
    await eventually(() => ran.length === 1);
    expect(await app.admin.retryAll('default', { until: new Date(0) })).toBe(0);
    expect(await app.admin.retryAll('default', { since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await app.admin.retryAll('default', { name: 'mail', since: new Date(0) })).toBe(2);
    expect(await fixture.redis.zrange(key('task_dead:{default}'), '0', '-1')).toEqual([id.slice(8)]);
  });

  it('goes no faster than its rate', async () => {
    const app = await start();
    await die(app, ...Array.from({ length: 6 }, () => 'bill'));
    isBroken = false;
    const begun = performance.now();
    await app.admin.retryAll('default', {}, { rate: 20 });
    expect(performance.now() - begun).toBeGreaterThan(250);
  });

  it.each<[string, unknown, unknown, string]>([
    ['an unknown filter', { names: 'x' }, {}, '"names"'],
    ['a date that is none', { since: 'yesterday' }, {}, '"since"'],
    ['no rate', {}, { rate: 0 }, '"rate"'],
  ])('refuses %s', async (_what, filter, options, message) => {
    const { admin } = await start();
    await expect(admin.retryAll('default', filter as never, options as never)).rejects.toThrow(message);
    await expect(admin.retryAll('no queue')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
  });
});

describe('discard', () => {
  it('removes a dead letter for good, and nothing else', async () => {
    const app = await start();
    const [id = '', other = ''] = await die(app, 'mail', 'mail');
    expect(await app.admin.discard(id)).toBe(true);
    expect(await app.admin.discard(id)).toBe(false);
    expect(await app.status.get(id)).toBeNull();
    expect(await fixture.redis.hkeys(key('task_parked:{default}'))).toEqual([other.slice(8)]);
    isBroken = false;
    const { id: done } = await app.producer.add('bill');
    await reaches(app.status, done, 'completed');
    expect(await app.admin.discard(done)).toBe(false);
    expect(await app.status.get(done)).toMatchObject({ state: 'completed' });
  });

  it('leaves what somebody else keeps under the key of its status', async () => {
    const app = await start();
    const [id = ''] = await die(app, 'mail');
    const status = key(`task_status:{default}:${id.slice('default:'.length)}`);
    await fixture.redis.del(status);
    await fixture.redis.set(status, 'theirs');
    expect(await app.admin.discard(id)).toBe(true);
    expect(await fixture.redis.get(status)).toBe('theirs');
  });
});
