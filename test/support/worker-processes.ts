import { beforeEach, onTestFinished } from 'vitest';
import type { RedisTaskQueueOptions } from '../../lib/index.js';
import { eventually } from './eventually.js';
import { Journal } from './journal.js';
import type { PrivateRedis } from './private-redis.js';
import { workerIds } from './queue-view.js';
import { redisFixture } from './redis-fixture.js';
import { type RunningScript, startScript } from './start-script.js';
import type { WorkerAppOptions } from './worker-app.js';

/** A worker in a process of its own. */
export interface WorkerProcess extends RunningScript {
  /** What the journal calls it. */
  readonly label: string;
  /** What Redis calls it. */
  readonly id: string;
  /** What it has logged so far. */
  log(): Promise<string[]>;
}

export interface WorkerProcesses {
  /** What the handlers of this test's workers did. */
  readonly journal: Journal;
  /** Starts a worker, and waits until it has joined. One at a time. */
  start(label: string, options?: RedisTaskQueueOptions): Promise<WorkerProcess>;
}

/** Worker processes on the private Redis of a test: whatever becomes of the test, they are gone after it. */
export function workerProcesses(file: string, target: PrivateRedis): WorkerProcesses {
  const shared = redisFixture(file);
  const running = new Set<RunningScript>();
  let journal: Journal;

  beforeEach(() => {
    journal = new Journal(shared.url, shared.prefix);
    onTestFinished(async () => {
      journal.close();
      for (const { process } of running) process.kill('SIGKILL');
      await Promise.all([...running].map(({ exit }) => exit));
      running.clear();
    });
  });

  return {
    get journal() {
      return journal;
    },
    async start(label, options = {}) {
      const before = await workerIds(target.redis);
      const app: WorkerAppOptions = {
        label,
        module: { ...options, redis: target.url },
        journal: { url: shared.url, prefix: shared.prefix },
      };
      const script = startScript(new URL('./worker-app.ts', import.meta.url), {
        env: { WORKER_APP: JSON.stringify(app) },
      });
      running.add(script);
      if ((await script.nextLine()) !== 'ready') throw new Error(`Worker ${label} did not start.`);
      const id = await eventually(async () => (await workerIds(target.redis)).find((each) => !before.includes(each)), {
        what: `Worker ${label} in the list of workers`,
      });
      return { ...script, label, id, log: () => journal.logged(label) };
    },
  };
}
