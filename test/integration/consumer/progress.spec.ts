import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Observable } from 'rxjs';
import { expect, it } from 'vitest';
import { type TaskContext, TaskHandler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { scriptCalls } from '../../support/script-calls.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const target = privateRedis();
const TIMES = 10_000;
let gate: Latch<void>;

@Injectable()
class Tasks {
  @TaskHandler('chatty')
  async chatty(_data: unknown, task: TaskContext): Promise<void> {
    for (let n = 1; n <= TIMES; n++) {
      task.progress(n);
      await turn();
    }
    await gate.opened;
    task.progress('nearly');
    task.progress('there');
  }

  @TaskHandler('emitting')
  emitting(): Observable<number> {
    return new Observable((subscriber) => {
      void (async () => {
        for (let n = 1; n <= TIMES; n++) {
          subscriber.next(n);
          await turn();
        }
        await gate.opened;
        subscriber.complete();
      })();
    });
  }

  @TaskHandler('leaking')
  leaking(_data: unknown, task: TaskContext): string {
    late = () => task.progress('late');
    return 'done';
  }
}
let late: () => void;

async function start(): Promise<TestApp> {
  gate = new Latch<void>();
  return startApp({ redis: target.url }, [Tasks]);
}

it.each(['chatty', 'emitting'])('ten thousand words are a few calls, and the last one arrives (%s)', async (name) => {
  const { producer, status } = await start();
  const before = await scriptCalls(target.redis);
  const begun = performance.now();
  const { id } = await producer.add(name, null);
  // The handler goes on: what arrives was not brought by its end.
  await eventually(async () => (await status.get(id))?.progress === TIMES);
  const windows = (performance.now() - begun) / 100;
  expect(await scriptCalls(target.redis)).toBeLessThan(before + 20 + 2 * windows);
  gate.open();
  const { progress } = await eventually(async () => {
    const now = await status.get(id);
    return now?.state === 'completed' && now;
  });
  expect(progress).toBe(name === 'chatty' ? 'there' : TIMES);
});

it('of a run that is over counts for nothing', async () => {
  const { producer, status } = await start();
  const { id } = await producer.add('leaking', null);
  await status.wait(id);
  late();
  await producer.add('leaking', null, { id: 'next' });
  await status.wait('default:next');
  expect(await status.get(id)).toMatchObject({ state: 'completed', progress: null });
});
