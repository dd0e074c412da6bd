import { MAX_LETTERS } from '../../../lib/admin/revive-all.js';
import { type DebounceLock, LOCKED_SUFFIX, type UniqueLock } from '../../../lib/broker/lock.js';
import type { NewTask } from '../../../lib/broker/task-broker.js';
import { MAX_LOCKED_ROWS, MAX_ROWS, MAX_SCHEDULED_ROWS } from '../../../lib/producer/enqueue-batcher.js';
import { TASK_NAME } from '../task-data.js';
import type { ScriptCase } from './script-case.js';
import { RETENTION, type Stage } from './stage.js';

const WORKERS = 100;
const HELD = 1_000;
const ttlMs = 3_600_000;

function enqueueCase(name: string, withStatus: boolean, more: Partial<NewTask>): ScriptCase {
  return {
    name: `enqueue: ${name}`,
    async prepare(stage, calls) {
      const batches = Array.from({ length: calls }, () => stage.newIds(MAX_ROWS));
      return async (n) => {
        const tasks = (batches[n] ?? []).map((id): NewTask => {
          return { id, name: TASK_NAME, token: '', priority: 0, envelope: stage.envelope(id), ...more };
        });
        await stage.broker.enqueue(stage.partition, tasks, { withStatus, maxLength: 1_000_000 });
      };
    },
  };
}

function scheduleCase(name: string, more: Partial<NewTask>): ScriptCase {
  return {
    name: `schedule: ${name}`,
    async prepare(stage, calls) {
      const batches = Array.from({ length: calls }, () => stage.newIds(MAX_SCHEDULED_ROWS));
      return async (n) => {
        const tasks = (batches[n] ?? []).map((id): NewTask => {
          return { id, name: TASK_NAME, token: '', priority: 0, envelope: stage.envelope(id), ...more };
        });
        await stage.broker.schedule(stage.partition, tasks);
      };
    },
  };
}

/** Tasks with keys of their own, as often as `rounds` says; the first round is not measured where there are more. */
function lockedCase(name: string, lock: Omit<DebounceLock, 'key'> | Omit<UniqueLock, 'key'>, rounds = 1): ScriptCase {
  return {
    name: `add with keys: ${name}`,
    async prepare(stage, calls) {
      const { broker, partition } = stage;
      const add = async (n: number): Promise<unknown> => {
        const ids = stage.newIds(MAX_LOCKED_ROWS).map((id) => id + LOCKED_SUFFIX);
        const tasks = ids.map((id, row): NewTask => {
          const envelope = stage.envelope(id);
          const due = 'until' in lock ? undefined : { inMs: ttlMs };
          return {
            id,
            name: TASK_NAME,
            token: '',
            envelope,
            due,
            priority: 0,
            lock: { ...lock, key: `key ${n} ${row}` },
          };
        });
        return broker.addLocked(partition, tasks);
      };
      for (let round = 1; round < rounds; round++) for (let n = 0; n < calls; n++) await add(n);
      return add;
    },
  };
}

/** Of workers that held many when they died. */
function recoverCase(name: string, maxLost: number, wereTried: boolean, isCancelled = false): ScriptCase {
  return {
    name: `recover: ${name}`,
    async prepare(stage, calls) {
      const { redis, partition, broker } = stage;
      const workers = Array.from({ length: Math.ceil(calls / 10) }, (_, n) => `w${n}`);
      for (const worker of workers) {
        const ids = await stage.hold(worker, HELD, { wereTried });
        if (isCancelled) for (const id of ids) await broker.steering.cancel(partition, id, 'cancelled', ttlMs);
      }
      for (const worker of workers) await redis.zadd(stage.key('workers'), 1, worker);
      return async () => broker.recover(partition, maxLost, RETENTION);
    },
  };
}

async function joinMany({ broker, partition }: Stage): Promise<void> {
  for (let n = 0; n < WORKERS; n++) await broker.join(partition, `idle${n}`, ttlMs);
}

export const queueCases: ScriptCase[] = [
  enqueueCase('with statuses', true, {}),
  enqueueCase('with statuses, expiring', true, { expiresInMs: 60_000 }),
  enqueueCase('ids of their own', true, { token: '0b0a6f5e-2f0c-4f0e-9f0a-6f5e2f0c4f0e' }),
  enqueueCase('without statuses', false, {}),
  scheduleCase('in an hour', { due: { inMs: 3_600_000 } }),
  scheduleCase('at one moment, expiring', { due: { atMs: 4e12 }, expiresInMs: 60_000 }),
  lockedCase('unique', { until: 'finished' }),
  lockedCase('duplicates', { until: 'finished' }, 2),
  lockedCase('debounced', { maxWaitMs: Infinity, waitsForRun: true }),
  lockedCase('replaced', { maxWaitMs: Infinity, waitsForRun: true }, 2),
  {
    name: `beat: ${HELD} held, all of them called off`,
    async prepare(stage) {
      const ids = await stage.hold('w', HELD);
      for (const id of ids) await stage.broker.steering.cancel(stage.partition, id, 'cancelled', ttlMs);
      return async () => stage.broker.beat(stage.partition, 'w', ttlMs);
    },
  },
  recoverCase('back to the queue', 2, false),
  recoverCase('back to the queue, tried', 2, true),
  recoverCase('to the dead letters', 0, true),
  recoverCase('called off', 2, true, true),
  {
    name: 'revive: page',
    async prepare(stage, calls) {
      const ids = await stage.bury(MAX_LETTERS * calls);
      return async (n) =>
        stage.broker.steering.revive(stage.partition, ids.slice(n * MAX_LETTERS, (n + 1) * MAX_LETTERS));
    },
  },
  {
    name: `cancel: waiting, ${WORKERS} workers`,
    async prepare(stage, calls) {
      await joinMany(stage);
      const ids = await stage.wait(calls);
      return async (n) => stage.broker.steering.cancel(stage.partition, ids[n] ?? '', 'cancelled', ttlMs);
    },
  },
  {
    name: `cancel: scheduled, ${WORKERS} workers`,
    async prepare(stage, calls) {
      await joinMany(stage);
      const ids = await stage.due(calls);
      return async (n) => stage.broker.steering.cancel(stage.partition, ids[n] ?? '', 'cancelled', ttlMs);
    },
  },
  {
    name: 'discard',
    async prepare(stage, calls) {
      const ids = await stage.bury(calls);
      return async (n) => stage.broker.steering.discard(stage.partition, ids[n] ?? '');
    },
  },
];
