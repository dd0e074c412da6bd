import { diag, type DiagLogger, propagation } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TaskHandler, type TaskContext } from '../../../lib/index.js';
import { RecordedTelemetry } from '../../support/recorded-telemetry.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp } from '../../support/test-app.js';

const fixture = redisFixture('failing-sdk');
const sdk = new RecordedTelemetry();
const told: unknown[] = [];
let failing: 'onStart' | 'onEnd' | 'inject' | 'extract' | undefined;

function failIf(step: typeof failing): void {
  if (failing === step) throw new Error(`The application's ${step} failed`);
}

class Tasks {
  @TaskHandler('work', { attempts: 2, backoff: 1 })
  work(data: number, { attempt }: TaskContext): number {
    if (attempt === 1) throw new Error('once');
    return data;
  }

  @TaskHandler('together', { batch: { size: 5 } })
  together(data: number[]): number[] {
    return data;
  }
}

beforeAll(() => {
  const nothing = async (): Promise<void> => undefined;
  sdk.start([
    {
      onStart: () => failIf('onStart'),
      onEnd: () => failIf('onEnd'),
      forceFlush: nothing,
      shutdown: nothing,
    },
  ]);
  propagation.disable();
  propagation.setGlobalPropagator({
    inject: (_context, carrier, setter) => {
      setter.set(carrier, 'x', 'y');
      failIf('inject');
    },
    extract: (context) => {
      failIf('extract');
      return context;
    },
    fields: () => ['x'],
  });
  const note = (...all: unknown[]): void => {
    told.push(all);
    if (failing) throw new Error("The application's logger failed");
  };
  const logger: DiagLogger = { error: note, warn: note, info: note, debug: note, verbose: note };
  diag.setLogger(logger, { suppressOverrideMessage: true });
  told.length = 0;
});

afterAll(async () => {
  diag.disable();
  await sdk.stop();
});

it.each(['onStart', 'onEnd', 'inject', 'extract'] as const)(
  'what the application has put into its SDK may fail (%s): tasks are added and run all the same',
  async (step) => {
    const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix, telemetry: true }, [
      Tasks,
    ]);
    failing = step;
    const one = await producer.add('work', 1);
    const bulk = await producer.addBulk([1, 2].map((data) => ({ name: 'together', data })));
    for (const [at, { id }] of bulk.entries()) expect((await reaches(status, id, 'completed')).result).toBe(at + 1);
    expect(await reaches(status, one.id, 'completed')).toMatchObject({ attempt: 2, result: 1 });
    failing = undefined;
    expect(told.length).toBeGreaterThan(0);
    told.length = 0;
  },
);
