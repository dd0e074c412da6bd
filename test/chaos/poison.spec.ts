import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { startApp } from '../support/test-app.js';
import { workerProcesses } from '../support/worker-processes.js';

const QUEUES = ['default', 'other'];
const MAX_LOST = 1;
const OPTIONS = { lease: 1_500, defaults: { concurrency: 10, maxLost: MAX_LOST } };
/** A first time of which nobody knows that it had begun, those that are counted, and that of a suspect. */
const MAX_KILLS = 1 + MAX_LOST + 1;

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-poison', target);

it('two queues of a process with a poisonous task each: these are buried, and nothing that stood beside them', async () => {
  const { producer, status } = await startApp({ redis: target.url });
  const rows = QUEUES.flatMap((queue) => [
    ...Array.from({ length: 60 }, (_, row) => ({ name: 'work', data: { ms: row % 7 }, queue })),
    { name: 'poison', data: { ms: 10 }, queue, id: 'poison' },
    ...Array.from({ length: 140 }, (_, row) => ({ name: 'work', data: { ms: row % 50 }, queue })),
  ]);
  const ids = (await producer.addBulk(rows)).map(({ id }) => id);

  const dead: string[] = [];
  const isOver = async (): Promise<boolean> =>
    (await status.getMany(ids)).every((each) => each?.state === 'completed' || each?.state === 'failed');
  // Somebody keeps a process running, and starts it again whenever it has died.
  while (!(await isOver())) {
    const worker = await workers.start(`worker-${dead.length}`, OPTIONS);
    await eventually(async () => worker.process.signalCode === 'SIGKILL' || isOver(), { timeoutMs: 20_000 });
    if (worker.process.signalCode) dead.push(worker.id);
  }

  const failed = (await status.getMany(ids)).filter((each) => each?.state === 'failed');
  expect(failed.map((each) => each?.id)).toEqual(['default:poison', 'other:poison']);
  for (const letter of failed) expect(letter?.error?.name).toBe('lost too often');
  expect(dead.length).toBeGreaterThan(MAX_LOST);
  expect(dead.length).toBeLessThanOrEqual(QUEUES.length * MAX_KILLS);
}, 90_000);
