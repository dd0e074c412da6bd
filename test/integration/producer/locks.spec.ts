import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type AddOptions, type TaskContext, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('locks');

interface Runs {
  app: TestApp;
  admin: TaskQueueAdmin;
  /** The data with which the handler began. */
  began: unknown[];
  /** Lets everything pass that waits at the end of the handler. */
  release: () => void;
}

/** @param holds whether the handler waits until it is released */
async function start(holds: boolean, options: object = {}): Promise<Runs> {
  const began: unknown[] = [];
  let gate = new Latch();
  const work = workHandler(async (data) => {
    began.push(data);
    if (data === 'fails') throw new Error('as it should');
    if (holds) await gate.opened;
  });
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [work]);
  const release = (): void => {
    gate.open();
    gate = new Latch();
  };
  return { app, admin: app.app.get(TaskQueueAdmin), began, release };
}

const producerOnly = async (): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });

const finished: AddOptions = { unique: { key: 'k', until: 'finished' } };
const started: AddOptions = { unique: { key: 'k', until: 'started' } };

describe('unique', () => {
  it.each(['full', 'final', 'off'])('until finished: tells whose key it is, with status %s', async (status) => {
    const { app, release } = await start(true, { defaults: { status } });
    const { producer } = app;
    const first = await producer.add('work', 1, finished);
    expect(first).toEqual({ id: expect.any(String) as string, queue: 'default', created: true, outcome: 'created' });
    for (let n = 0; n < 5; n++) {
      expect(await producer.add('work', 2, finished)).toEqual({ ...first, created: false, outcome: 'duplicate' });
    }
    const again = await eventually(async () => {
      release();
      const added = await producer.add('work', 3, finished);
      return added.created && added;
    });
    expect(again.id).not.toBe(first.id);
    await eventually(async () => {
      release();
      return !(await fixture.keys()).some((key) => key.startsWith('task_unique'));
    });
  });

  it('until started: one waits at most, however many run', async () => {
    const { app, began, release } = await start(true);
    for (let n = 1; n <= 3; n++) {
      await eventually(async () => (await app.producer.add('work', n, started)).created);
      await eventually(() => began.length === n);
    }
    release();
  });

  it('until a time: for so long, and counts among tasks of its name on its queue', async () => {
    const { producer } = await producerOnly();
    const unique = { key: 'k', until: '1h' } as const;
    const added = await producer.addBulk([
      { name: 'work', unique },
      { name: 'work', unique },
      { name: 'work', unique, queue: 'other' },
      { name: 'another', unique },
      { name: 'work', unique: { key: 'k2', until: '1h' } },
      { name: 'work', throttle: { key: 'k', per: '1h' } },
    ]);
    expect(added.map(({ outcome }) => outcome)).toEqual([
      'created',
      'duplicate',
      'created',
      'created',
      'created',
      'created',
    ]);
    expect(added[1]?.id).toBe(added[0]?.id);
  });

  it('may wait for its time', async () => {
    const { app, admin, began } = await start(false);
    const { id } = await app.producer.add('work', 1, { ...finished, delay: '1h' });
    expect(await app.status.get(id)).toMatchObject({ state: 'scheduled' });
    expect(await app.producer.add('work', 2, finished)).toMatchObject({ id, outcome: 'duplicate' });
    expect(await admin.promote(id)).toBe(true);
    await reaches(app.status, id, 'completed');
    expect(began).toEqual([1]);
    expect(await app.producer.add('work', 2, finished)).toMatchObject({ outcome: 'created' });
  });

  it('is free at once when its task is called off, and when it is a dead letter, which may then be retried', async () => {
    const { app, admin, began } = await start(false);
    const { id } = await app.producer.add('work', 1, { ...finished, delay: '1h' });
    await admin.cancel(id);
    const failing = await app.producer.add('work', 'fails', finished);
    expect(failing.created).toBe(true);
    await reaches(app.status, failing.id, 'failed');
    const next = await app.producer.add('work', 2, { ...finished, delay: '1h' });
    expect(next.created).toBe(true);
    expect(await admin.retry(failing.id)).toBe(true);
    await eventually(() => began.length === 2);
    expect(await app.producer.add('work', 3, finished)).toMatchObject({ id: next.id, outcome: 'duplicate' });
  });

  it('lets one of many win, whoever adds, and never two run at once', async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const gate = new Latch();
    const work = workHandler(async () => {
      most = Math.max(most, ++running);
      await (runs++ === 0 ? gate.opened : sleep(runs % 3));
      running--;
    });
    const options = { redis: fixture.url, prefix: fixture.prefix };
    const apps = [await startApp(options, [work]), await startApp(options, [work]), await producerOnly()];
    let created = 0;
    for (let round = 0; round < 60; round++) {
      const adding = apps
        .flatMap(({ producer }) => [producer, producer])
        .map((each) => each.add('work', round, finished));
      created += (await Promise.all(adding)).filter((added) => added.created).length;
      if (round > 0) continue;
      expect(created).toBe(1);
      gate.open();
    }
    await eventually(() => runs === created && running === 0);
    expect(most).toBe(1);
    expect(created).toBeGreaterThan(1);
  });
});

describe('throttle', () => {
  it('is over when its task is called off while it waits, and not when somebody does so afterwards', async () => {
    const { app, admin, began } = await start(false);
    const options: AddOptions = { throttle: { key: 'k', per: '1h' } };
    const { id } = await app.producer.add('work', 1, options);
    await eventually(async () => (await app.status.get(id))?.state === 'completed');
    expect(await admin.cancel(id)).toEqual({ cancelled: false, state: 'completed' });
    expect(await app.producer.add('work', 2, options)).toMatchObject({ id, outcome: 'duplicate' });
    expect(began).toEqual([1]);
  });

  it('lets the first one of each span run', async () => {
    const { app, began } = await start(false);
    const throttle = { key: 'k', per: 400 };
    const begun = performance.now();
    let last = 0;
    for (let n = 0; performance.now() - begun < 1_000; n++) {
      last = n;
      await app.producer.add('work', n, { throttle });
      await sleep(5);
    }
    const spans = Math.ceil((performance.now() - begun) / throttle.per);
    await sleep(50);
    expect(began.length).toBeLessThanOrEqual(spans);
    expect(began.length).toBeGreaterThan(1);
    expect(began[0]).toBe(0);
    expect(last).toBeGreaterThan(began.length);
  });
});

describe('debounce', () => {
  it('makes one task of many adds, with the data of the last one, also within one turn', async () => {
    const { app, began } = await start(false);
    const debounce = { key: 'k', wait: 300 };
    const adds = Array.from({ length: 60 }, async (_, n) => app.producer.add('work', n, { debounce }));
    const [first, ...others] = await Promise.all(adds);
    expect(first?.outcome).toBe('created');
    for (const other of others) expect(other).toEqual({ ...first, created: false, outcome: 'replaced' });
    const rows = [60, 61].map((data) => ({ name: 'work', data, debounce }));
    expect(await app.producer.addBulk(rows)).toEqual([others[0], others[0]]);
    expect(began).toEqual([]);
    await reaches(app.status, first?.id ?? '', 'completed');
    expect(began).toEqual([61]);
    expect((await fixture.keys()).filter((key) => key === 'task_unique:{default}')).toEqual([]);
  });

  it('waits no longer than maxWait', async () => {
    const { app, began } = await start(false);
    const debounce = { key: 'k', wait: '1h', maxWait: '1h' } as const;
    const { id } = await app.producer.add('work', 1, { debounce });
    await app.producer.add('work', 2, { debounce: { key: 'k', wait: 100, maxWait: 100 } });
    await reaches(app.status, id, 'completed');
    expect(began).toEqual([2]);
  });

  it('queue-latest: one runs, and one with the latest data waits for its end', async () => {
    const { app, began, release } = await start(true);
    const debounce = { key: 'k', wait: 1, whileRunning: 'queue-latest' } as const;
    const first = await app.producer.add('work', 0, { debounce });
    await eventually(() => began.length === 1);
    const second = await app.producer.add('work', 1, { debounce });
    expect(second.outcome).toBe('created');
    for (let n = 2; n < 30; n++) {
      expect(await app.producer.add('work', n, { debounce })).toMatchObject({ id: second.id, outcome: 'replaced' });
      await sleep(2);
    }
    expect(await app.status.get(second.id)).toMatchObject({ state: 'scheduled' });
    release();
    const released = performance.now();
    await eventually(() => began.length === 2);
    expect(performance.now() - released, 'not only when it looks for itself').toBeLessThan(5_000);
    expect(await app.status.get(first.id)).toMatchObject({ state: 'completed' });
    release();
    await reaches(app.status, second.id, 'completed');
    expect(began).toEqual([0, 29]);
  });

  it('without it they run side by side', async () => {
    const { app, began, release } = await start(true);
    const debounce = { key: 'k', wait: 1 };
    for (let n = 1; n <= 2; n++) {
      await app.producer.add('work', n, { debounce });
      await eventually(() => began.length === n);
    }
    release();
  });
});

describe('a bulk', () => {
  it('says row by row what happened, whatever its rows are', async () => {
    const { producer, status } = await producerOnly();
    const debounce = { key: 'k', wait: '1h' } as const;
    const rows = Array.from({ length: 120 }, (_, n) => [
      { name: 'work', data: n },
      { name: 'work', data: n, delay: '1h' as const },
      { name: 'work', data: n, unique: { key: `${n % 40}`, until: 'finished' as const } },
      { name: 'work', data: n, debounce },
    ]).flat();
    const answers = await producer.addBulk(rows);
    const of = (column: number): typeof answers => answers.filter((_, row) => row % 4 === column);
    expect([...of(0), ...of(1)].every(({ created }) => created)).toBe(true);
    expect(of(2).map(({ outcome }) => outcome)).toEqual(of(2).map((_, n) => (n < 40 ? 'created' : 'duplicate')));
    expect(of(2).map(({ id }) => id)).toEqual(of(2).map((_, n) => of(2)[n % 40]?.id));
    expect(of(3).map(({ outcome }) => outcome)).toEqual(of(3).map((_, n) => (n === 0 ? 'created' : 'replaced')));
    const states = await status.getMany([of(0), of(1), of(2), of(3)].map(([first]) => first?.id ?? ''));
    expect(states.map((each) => each?.state)).toEqual(['waiting', 'scheduled', 'waiting', 'scheduled']);
  });

  it('says which rows a full queue has no room for', async () => {
    const { producer } = await startApp({
      redis: fixture.url,
      prefix: fixture.prefix,
      consume: false,
      defaults: { maxLength: 1 },
    });
    const rows = ['a', 'b', 'a'].map((key) => ({ name: 'work', unique: { key, until: 'finished' as const } }));
    await expect(producer.addBulk(rows)).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
      answers: [{ outcome: 'created' }, null, { outcome: 'duplicate' }],
      full: [1],
    });
    await expect(producer.add('work', 1, rows[1])).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(producer.add('work', 1, { unique: rows[1]!.unique })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });
});

it('options that contradict each other are refused before anything is written', async () => {
  const { producer } = await producerOnly();
  const wrong = { throttle: { key: 'k', per: '1s' }, delay: '1s' } as const;
  await expect(producer.add('work', 1, wrong)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  await expect(producer.addBulk([{ name: 'work' }, { name: 'work', ...wrong }])).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
  });
  expect(await fixture.keys()).toEqual([]);
});

it('an id that only looks like one with a key is nothing special', async () => {
  const ids: string[] = [];
  const work = workHandler((_data, task: TaskContext) => void ids.push(task.id));
  const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [work]);
  const { id } = await producer.add('work', null, { id: 'mine-u' });
  await reaches(status, id, 'completed');
  expect(ids).toEqual(['default:mine-u']);
});
