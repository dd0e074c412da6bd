import { describe, expect, it } from 'vitest';
import { TaskConsumers, type TaskContext } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { Latch } from '../../support/latch.js';
import { PlainLists } from '../../support/plain-lists.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('plain-lists');
const plain = new PlainLists(fixture);
const { redis } = fixture;

/** A handler that enters what it gets. */
function recorder(): { got: string[]; handler: ReturnType<typeof workHandler> } {
  const got: string[] = [];
  return { got, handler: workHandler((data: string) => void got.push(data), { queue: 'q' }) };
}

describe('an element of a plain list', () => {
  it('becomes a task at once, with that text as data', async () => {
    const { got, handler } = recorder();
    const { status } = await startApp(plain.options(), [handler]);
    // By now the consumer is asleep: nothing but the bell tells it.
    const isAsleep = async (what: string, command: string): Promise<boolean> =>
      String(await redis.client('LIST'))
        .split('\n')
        .some(
          (line) => line.includes(` name=${fixture.prefix}task_queue:${what} `) && line.includes(` cmd=${command} `),
        );
    await eventually(async () => (await isAsleep('plain', 'blmove')) && isAsleep('bells', 'brpop'));
    await plain.push('one', '{"id":7,"to":"ann"}', '  ', '', 'quote " backslash \\ newline \n nul \0 – ünï 🎈');
    // Half of the time after which a consumer looks by itself.
    await eventually(() => got.length === 5, { timeoutMs: 2_500 });
    const sent = ['one', '{"id":7,"to":"ann"}', '  ', '', 'quote " backslash \\ newline \n nul \0 – ünï 🎈'];
    expect(got.toSorted()).toEqual(sent.toSorted());
    await plain.says(7, 'completed');

    const ids = (await fixture.keys()).flatMap((key) => /^task_status:\{q\}:(.+)$/.exec(key)?.[1] ?? []);
    expect(ids).toHaveLength(5);
    const statuses = await status.getMany(ids.map((id) => `q:${id}`));
    expect(statuses.map((each) => [each?.name, each?.state])).toEqual(ids.map(() => ['work', 'completed']));
    expect(await redis.exists(plain.entries, plain.list, plain.claimed)).toBe(0);
    await expectNoDamage(fixture, 'q');
  });

  it('comes in the order in which it was pushed, also where there are many', async () => {
    const { got, handler } = recorder();
    const sent = Array.from({ length: 2_500 }, (_, n) => String(n));
    await plain.push(...sent);
    await startApp(plain.options({}, { defaults: { concurrency: 1 } }), [handler]);
    await eventually(() => got.length === sent.length);
    expect(got).toEqual(sent);
  });

  it('may be of any length', async () => {
    const { got, handler } = recorder();
    const sent = Array.from({ length: 12 }, (_, n) => `${n}:`.padEnd(1024 * 1024, 'é'));
    await plain.push(...sent);
    await startApp(plain.options({}, { defaults: { concurrency: 1 } }), [handler]);
    await eventually(() => got.length === sent.length);
    expect(got.every((data, n) => data === sent[n])).toBe(true);
  });

  it('that is no UTF-8 is a dead letter with its bytes, and keeps nobody up', async () => {
    const { got, handler } = recorder();
    const { log, status } = await startApp(plain.options(), [handler]);
    const bytes = Buffer.from([0x80, 0x03, 0x58, 0xff, 0x00]);
    await plain.push('before', bytes, 'behind');
    await eventually(() => got.length === 2);
    const [id = ''] = await redis.zrange(`${fixture.prefix}task_dead:{q}`, '0', '-1');
    expect(await redis.hgetBuffer(`${fixture.prefix}task_parked:{q}`, id)).toEqual(bytes);
    expect(await status.get(`q:${id}`)).toMatchObject({ state: 'failed', error: { name: 'malformed' } });
    expect(log.of('error')).toEqual([expect.stringContaining(`no UTF-8, and a dead letter now: q:${id}`)]);
    await expectNoDamage(fixture, 'q');
  });

  it('has the options of its task, those included that whoever adds a task reads', async () => {
    const got: string[] = [];
    const gate = new Latch();
    const handler = workHandler(
      async (data: string, { attempt }: TaskContext) => {
        got.push(`${data} ${attempt}`);
        if (data === 'first') await gate.opened;
        if (data === 'low' && attempt === 1) throw new Error('again');
      },
      { queue: 'q', attempts: 2, backoff: { type: 'fixed', delay: 1 }, priority: -5 },
    );
    const { producer, status } = await startApp(plain.options({}, { defaults: { concurrency: 1 } }), [handler]);
    await plain.push('first');
    await eventually(() => got.length === 1);
    await plain.push('low');
    await eventually(async () => (await redis.llen(`${fixture.prefix}task_queue:{q}:priority:-5`)) === 1);
    const { id } = await producer.add('work', 'high', { queue: 'q', priority: 5 });
    gate.open();
    await eventually(() => got.length === 4);
    expect(got).toEqual(['first 1', 'high 1', 'low 1', 'low 2']);
    expect(await status.get(id)).toMatchObject({ priority: 5 });
  });
});

describe('who takes in', () => {
  it('adopts what another process has claimed, and what it finds at its start', async () => {
    const { got, handler } = recorder();
    await redis.lpush(plain.claimed, 'left at start');
    await startApp(plain.options(), [handler]);
    await eventually(() => got.length === 1);
    await redis.lpush(plain.claimed, 'left meanwhile');
    await eventually(() => got.length === 2, { timeoutMs: 12_000 });
    expect(got).toEqual(['left at start', 'left meanwhile']);
  });

  it('are the processes that work on the queue, as long as they do', async () => {
    const { got, handler } = recorder();
    const isListening = async (): Promise<boolean> =>
      String(await redis.client('LIST')).includes(`${fixture.prefix}task_queue:plain`);
    const idle = await startApp(plain.options({}, { consume: false }), [handler]);
    await plain.push('1');
    const { app } = await startApp(plain.options({}, { autoStart: false }), [handler]);
    expect(await isListening()).toBe(false);
    const consumers = app.get(TaskConsumers);
    await consumers.start();
    await eventually(() => got.length === 1);
    await consumers.stop();
    expect(await isListening()).toBe(false);
    await plain.push('2');
    await consumers.start('q');
    await eventually(() => got.length === 2);
    await app.close();
    expect(await isListening()).toBe(false);
    expect(idle.log.of('error')).toEqual([]);
  });

  it('takes from several lists into one queue, each with a task name of its own', async () => {
    const { got, handler } = recorder();
    const other = `${fixture.prefix}other list`;
    const options = plain.options();
    const [first] = options.plain ?? [];
    const plainLists = [first!, { list: other, task: 'work', queue: 'q', statusPrefix: `${fixture.prefix}other:` }];
    await startApp({ ...options, plain: plainLists }, [handler]);
    await plain.push('{"id":"a"}');
    await redis.lpush(other, '{"id":"a"}');
    await eventually(() => got.length === 2);
    await plain.says('a', 'completed');
    await eventually(async () => (await redis.get(`${fixture.prefix}other:a`)) === 'completed');
  });

  it('puts tasks where the handler of their name stands if no queue is given', async () => {
    const { got, handler } = recorder();
    await startApp(plain.options({ queue: undefined }), [handler]);
    await plain.push('one');
    await eventually(() => got.length === 1);
  });

  it('takes in what exceeds the bound of the queue', async () => {
    const gate = new Latch();
    const got: unknown[] = [];
    const handler = workHandler(
      async (data) => {
        got.push(data);
        await gate.opened;
      },
      { queue: 'q' },
    );
    await startApp(plain.options({}, { queues: { q: { maxLength: 3, concurrency: 1 } } }), [handler]);
    await plain.push(...Array.from({ length: 20 }, (_, n) => String(n)));
    await eventually(async () => (await redis.llen(`${fixture.prefix}task_queue:{q}`)) >= 10);
    gate.open();
    await eventually(() => got.length === 20);
  });
});
