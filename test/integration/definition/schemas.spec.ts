import 'reflect-metadata';
import { UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { Type as TypeOf } from 'class-transformer';
import { ArrayMinSize, IsDate, IsEmail, IsInt, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineTask,
  InvalidTaskDataError,
  type StandardSchema,
  type TaskContext,
  TaskHandler,
  TaskQueueAdmin,
  TaskRejectedError,
} from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('schemas');

function start(providers: (new () => object)[] = []): Promise<TestApp> {
  return startApp({ redis: fixture.url, prefix: fixture.prefix }, providers);
}

/** A schema by hand, as no library is needed for one. */
function schemaOf<Output>(
  validate: StandardSchema<unknown, Output>['~standard']['validate'],
): StandardSchema<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

const Order = defineTask('order.ship', {
  attempts: 3,
  backoff: 1,
  schema: z.object({
    at: z.iso.datetime().transform((text) => new Date(text)),
    lines: z.array(z.object({ amount: z.number().int() })),
    note: z.string().default('none'),
  }),
});
const order = { at: '2027-01-01T08:00:00Z', lines: [{ amount: 1 }] };

/** Another program than ours added it, or a version without the schema. */
async function addAnyway({ producer }: TestApp, name: string, ...data: unknown[]): Promise<string[]> {
  return (await producer.addBulk(data.map((each) => ({ name, data: each })))).map(({ id }) => id);
}

describe('add with a schema', () => {
  it('refuses what is invalid, says where, and writes nothing', async () => {
    const { producer } = await start();
    const bad = { at: 'tomorrow', lines: [{ amount: 1 }, { amount: 1.5 }] };
    const error: unknown = await producer.add(Order, bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidTaskDataError);
    expect(error).toMatchObject({
      code: 'INVALID_TASK_DATA',
      name: 'InvalidTaskDataError',
      task: 'order.ship',
      row: undefined,
      issues: [
        { path: 'at', message: 'Invalid ISO datetime' },
        { path: 'lines.1.amount', message: 'Invalid input: expected int, received number' },
      ],
      message:
        'Task "order.ship" has invalid data: at: Invalid ISO datetime; lines.1.amount: Invalid input: expected int, received number',
    });
    expect(await fixture.keys()).toEqual([]);
  });

  it('carries what was given, and not what the schema makes of it', async () => {
    const { producer } = await start();
    await producer.add(Order, order);
    const [envelope] = await fixture.redis.lrange(`${fixture.prefix}task_queue:{default}`, 0, -1);
    expect(JSON.parse(envelope ?? '')).toMatchObject({ data: order });
  });

  it('validates every row of a bulk before the first one is written', async () => {
    const { producer } = await start();
    const rows = [Order.row(order), { name: 'other', data: 1 }, Order.row({ ...order, lines: [{ amount: 0.5 }] })];
    await expect(producer.addBulk(rows)).rejects.toMatchObject({
      code: 'INVALID_TASK_DATA',
      row: 2,
      message: expect.stringContaining('Task "order.ship" (row 2) has invalid data: lines.0.amount: ') as string,
    });
    expect(await fixture.keys()).toEqual([]);
    expect(await producer.addBulk(rows.slice(0, 2))).toHaveLength(2);
  });

  it('asks about data as they come out of JSON, so that what it accepts a handler accepts', async () => {
    const Dated = defineTask('dated', { schema: z.object({ at: z.date() }) });
    const Coerced = defineTask('coerced', { schema: z.object({ at: z.coerce.date<Date>() }) });
    const { producer } = await start();
    await expect(producer.add(Dated, { at: new Date() })).rejects.toMatchObject({ issues: [{ path: 'at' }] });
    expect(await producer.add(Coerced, { at: new Date() })).toMatchObject({ created: true });
  });

  it('waits for a schema that is asynchronous', async () => {
    const known = new Set(['ann']);
    const Greet = defineTask('greet', {
      schema: z.object({ user: z.string().refine(async (user) => known.has(user), 'nobody knows them') }),
    });
    const { producer } = await start();
    expect(await producer.add(Greet, { user: 'ann' })).toMatchObject({ created: true });
    await expect(producer.add(Greet, { user: 'eve' })).rejects.toMatchObject({
      issues: [{ path: 'user', message: 'nobody knows them' }],
    });
  });

  it('adds nothing after it was closed meanwhile', async () => {
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    const Slow = defineTask('slow', { schema: schemaOf((value) => asked.then(() => ({ value }))) });
    const { producer } = await start();
    const adding = producer.add(Slow, 1);
    await producer.close();
    goOn();
    await expect(adding).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    expect(await fixture.keys()).toEqual([]);
  });

  it('passes on what a schema throws that cannot say', async () => {
    const Broken = defineTask('broken', { schema: schemaOf(() => Promise.reject(new Error('no database'))) });
    const { producer } = await start();
    await expect(producer.add(Broken, 1)).rejects.toThrow('no database');
    expect(await fixture.keys()).toEqual([]);
  });

  it('names the issues of any schema, of a bounded number of them', async () => {
    class Issues extends Array<{ message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }> {
      constructor(length?: number) {
        super();
        if (length !== undefined) throw new TypeError('made of a context, not of a length');
      }
    }
    const issues = new Issues();
    issues.push({ message: 'as a whole' });
    for (let at = 0; at < 30; at++) issues.push({ message: 'no', path: [{ key: 'a' }, at] });
    const Many = defineTask('many', { schema: schemaOf(() => ({ issues })) });
    const { producer } = await start();
    const error: unknown = await producer.add(Many, 1).catch((thrown: unknown) => thrown);
    expect((error as InvalidTaskDataError).issues).toHaveLength(31);
    expect((error as InvalidTaskDataError).message).toBe(
      'Task "many" has invalid data: as a whole; ' +
        Array.from({ length: 9 }, (_, at) => `a.${at}: no; `).join('') +
        'and 21 more',
    );
  });

  it('accepts exactly what its handler accepts, whatever is added', async () => {
    const Any = defineTask('any', { schema: z.object({ n: z.number(), s: z.string().optional() }).strict() });
    const handled: unknown[] = [];
    class Tasks {
      @TaskHandler(Any)
      run(data: { n: number }): void {
        handled.push(data);
      }
    }
    const { producer, status } = await start([Tasks]);
    const value = fc.oneof(fc.integer(), fc.constantFrom(NaN, undefined, null), fc.date(), fc.string());
    const data = fc.record({ n: value, s: value, more: value }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(data, async (given) => {
        const added = await producer.add('any', given);
        const checked = await producer.add(Any, given as { n: number }).catch((error: unknown) => error);
        const state = checked instanceof InvalidTaskDataError ? 'failed' : 'completed';
        await reaches(status, added.id, state);
        if (!(checked instanceof Error)) await reaches(status, (checked as { id: string }).id, 'completed');
      }),
      { numRuns: 30, examples: [[{ n: 1 }], [{ n: 1, more: 1 }]] },
    );
    expect(handled.length).toBeGreaterThan(0);
  });
});

describe('a handler with a schema', () => {
  it('gets what the schema makes of the data, and so does what stands around it', async () => {
    const seen: unknown[] = [];
    class Tasks {
      @TaskHandler(Order)
      @UseGuards({ canActivate: (context) => seen.push(context.getArgByIndex(0)) > 0 })
      ship({ at, note }: { at: Date; note: string }): string {
        return `${at.getTime()} ${note}`;
      }
    }
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add(Order, order);
    expect((await reaches(status, id, 'completed')).result).toBe(`${Date.parse(order.at)} none`);
    expect(seen).toEqual([{ at: new Date(order.at), lines: order.lines, note: 'none' }]);
  });

  it('never sees what is invalid: a dead letter at once, past all filters, that can be tried again', async () => {
    const runs: unknown[] = [];
    class Tasks {
      @TaskHandler(Order)
      @UseFilters({ catch: () => 'swallowed' })
      @UseInterceptors({ intercept: (_context, next) => next.handle() })
      ship(data: object): void {
        runs.push(data);
      }
    }
    const app = await start([Tasks]);
    const [id = ''] = await addAnyway(app, 'order.ship', { ...order, at: 'tomorrow' });
    expect(await reaches(app.status, id, 'failed')).toMatchObject({
      attempt: 1,
      error: {
        name: 'TaskRejectedError',
        message:
          'A schema turned the task down: InvalidTaskDataError: Task "order.ship" has invalid data: at: Invalid ISO datetime',
      },
      earlierErrors: [],
    });
    expect(runs).toEqual([]);
    expect(app.log.of('error')).toEqual([
      expect.stringMatching(/failed for good.* has invalid data \(issues: 1\)$/) as string,
    ]);
    await app.app.get(TaskQueueAdmin).retry(id);
    await reaches(app.status, id, 'failed');
  });

  it('is tried again where a schema could not say', async () => {
    let asked = 0;
    const Flaky = defineTask('flaky', {
      attempts: 3,
      backoff: 1,
      schema: schemaOf((value) => {
        if (++asked < 4) throw new Error('no database');
        return Promise.resolve({ value });
      }),
    });
    class Tasks {
      @TaskHandler(Flaky)
      run(data: unknown): unknown {
        return data;
      }
    }
    const app = await start([Tasks]);
    const [id = ''] = await addAnyway(app, 'flaky', 7);
    expect(await reaches(app.status, id, 'failed')).toMatchObject({ attempt: 3, error: { message: 'no database' } });
    const [other = ''] = await addAnyway(app, 'flaky', 7);
    expect(await reaches(app.status, other, 'completed')).toMatchObject({ attempt: 1, result: 7 });
  });

  it('is tried again where it adds invalid data itself', async () => {
    const app: { current?: TestApp } = {};
    class Tasks {
      @TaskHandler('adds', { attempts: 2, backoff: 1 })
      async run(): Promise<void> {
        await app.current?.producer.add(Order, { ...order, at: 'tomorrow' });
      }
    }
    app.current = await start([Tasks]);
    const { id } = await app.current.producer.add('adds');
    expect(await reaches(app.current.status, id, 'failed')).toMatchObject({
      attempt: 2,
      error: { name: 'InvalidTaskDataError' },
    });
  });

  it('does not begin where its time ran out while the schema was asked', async () => {
    let goOn = (): void => undefined;
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    const runs: unknown[] = [];
    const Slow = defineTask('slow', { timeout: 20, schema: schemaOf((value) => asked.then(() => ({ value }))) });
    class Tasks {
      @TaskHandler(Slow)
      run(data: unknown): void {
        runs.push(data);
      }
    }
    const app = await start([Tasks]);
    const [id = ''] = await addAnyway(app, 'slow', 7);
    expect(await reaches(app.status, id, 'failed')).toMatchObject({ error: { name: 'TaskTimeoutError' } });
    goOn();
    await asked;
    await app.producer.add('later');
    expect(runs).toEqual([]);
  });
});

describe('a batch handler with a schema', () => {
  const Count = defineTask('count', { attempts: 2, backoff: 1, schema: z.object({ n: z.number() }) });

  /** What becomes of five tasks, of which the second and the last are invalid. */
  async function endsOf(handle: (data: { n: number }[], tasks: TaskContext[]) => unknown) {
    const batches: { data: { n: number }[]; ids: string[] }[] = [];
    class Tasks {
      @TaskHandler(Count, { batch: { size: 5, maxWait: '1s' } })
      async count(data: { n: number }[], tasks: TaskContext[]): Promise<undefined> {
        batches.push({ data, ids: tasks.map(({ id }) => id) });
        return (await handle(data, tasks)) as undefined;
      }
    }
    const app = await start([Tasks]);
    const ids = await addAnyway(app, 'count', { n: 1 }, { n: 'two' }, { n: 3 }, { n: 4 }, null);
    const state = (at: number): Promise<unknown> => reaches(app.status, ids[at] ?? '', 'failed');
    expect(await Promise.all([state(1), state(4)])).toMatchObject(
      ['n: Invalid input: expected number, received string', 'Invalid input: expected object, received null'].map(
        (issue) => ({
          attempt: 1,
          error: { name: 'TaskRejectedError', message: expect.stringContaining(issue) as string },
        }),
      ),
    );
    const valid = [0, 2, 3].map((at) => ids[at] ?? '');
    expect(batches[0]).toEqual({ data: [{ n: 1 }, { n: 3 }, { n: 4 }], ids: valid });
    return { app, batches, valid };
  }

  it('gets those that are valid, and each has its own result', async () => {
    const { app, valid } = await endsOf((data) => data.map(({ n }) => n * 10));
    const ends = await Promise.all(valid.map((id) => reaches(app.status, id, 'completed')));
    expect(ends.map(({ result }) => result)).toEqual([10, 30, 40]);
  });

  it('may return nothing', async () => {
    const { app, valid } = await endsOf(() => undefined);
    await Promise.all(valid.map((id) => reaches(app.status, id, 'completed')));
  });

  it('may fail one of them', async () => {
    const { app, valid } = await endsOf((data) => data.map(({ n }) => (n === 3 ? new Error('no threes') : n)));
    await reaches(app.status, valid[0] ?? '', 'completed');
    expect(await reaches(app.status, valid[1] ?? '', 'failed')).toMatchObject({
      attempt: 2,
      error: { message: 'no threes' },
    });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no')), 'no'],
    ['returns too few', () => [1], 'The handler returned an array of 1 for a batch of 3 tasks'],
  ])('fails all that were valid where it %s', async (_, handle, message) => {
    const { app, valid } = await endsOf(handle);
    for (const id of valid) {
      expect(await reaches(app.status, id, 'failed')).toMatchObject({
        attempt: 2,
        error: { message: expect.stringContaining(message) as string },
      });
    }
  });

  it('is not called where none is valid', async () => {
    const runs: unknown[] = [];
    class Tasks {
      @TaskHandler(Count, { batch: { size: 2 } })
      count(data: { n: number }[]): unknown[] {
        runs.push(data);
        return data;
      }
    }
    const app = await start([Tasks]);
    const ids = await addAnyway(app, 'count', 1, 2);
    for (const id of ids) await reaches(app.status, id, 'failed');
    expect(runs).toEqual([]);
  });
});

describe('a class as a schema', () => {
  class Line {
    @IsInt()
    amount!: number;
  }

  class Purchase {
    @IsEmail()
    buyer!: string;

    @IsDate()
    @TypeOf(() => Date)
    at!: Date;

    @ValidateNested()
    @ArrayMinSize(1)
    @TypeOf(() => Line)
    lines!: Line[];

    total(): number {
      return this.lines.reduce((sum, { amount }) => sum + amount, 0);
    }
  }

  const Buy = defineTask('buy', { schema: Purchase });
  const purchase = { buyer: 'ann@example.org', at: new Date(0), lines: [{ amount: 2 }, { amount: 3 }] };

  it('gives the handler an instance', async () => {
    class Tasks {
      @TaskHandler(Buy)
      buy(data: Purchase): unknown {
        return [data instanceof Purchase, data.total(), data.at.getTime(), data.lines[0] instanceof Line];
      }
    }
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add(Buy, purchase);
    expect((await reaches(status, id, 'completed')).result).toEqual([true, 5, 0, true]);
  });

  it('refuses what is invalid, nested properties included', async () => {
    const { producer } = await start();
    const bad = { buyer: 'ann', at: new Date(0), lines: [{ amount: 1 }, { amount: 0.5 }] };
    await expect(producer.add(Buy, bad)).rejects.toMatchObject({
      code: 'INVALID_TASK_DATA',
      issues: [
        { path: 'buyer', message: 'buyer must be an email' },
        { path: 'lines.1.amount', message: 'amount must be an integer number' },
      ],
    });
    expect(await fixture.keys()).toEqual([]);
  });

  it.each([null, 'text', 5, [], [purchase], { lines: 'none' }])('refuses %j', async (data) => {
    const { producer } = await start();
    await expect(producer.add(Buy, data as unknown as typeof purchase)).rejects.toBeInstanceOf(InvalidTaskDataError);
    expect(await fixture.keys()).toEqual([]);
  });

  it('refuses everything where it has no decorators', async () => {
    class Plain {
      to!: string;
    }
    const { producer } = await start();
    await expect(producer.add(defineTask('plain', { schema: Plain }), { to: 'ann' })).rejects.toMatchObject({
      code: 'INVALID_TASK_DATA',
    });
  });

  it('makes what is invalid a dead letter', async () => {
    class Tasks {
      @TaskHandler(Buy)
      buy(_data: Purchase): void {}
    }
    const app = await start([Tasks]);
    const [id = ''] = await addAnyway(app, 'buy', { ...purchase, buyer: 'ann' });
    const { error } = await reaches(app.status, id, 'failed');
    expect(error?.name).toBe(TaskRejectedError.name);
    expect(error?.message).toContain('has invalid data: buyer: buyer must be an email');
  });
});
