import { MISSING_PAGE, PAGE } from '../../../lib/broker/redis/redis-repair.js';
import { redisScripts } from '../../../lib/broker/redis/redis-scripts.js';
import type { ScriptCase } from './script-case.js';
import { pages, RETENTION, type Stage } from './stage.js';

type StepScript = Extract<keyof typeof redisScripts, `taskRepair${string}`>;
type Call = (string | number)[];

const WORKERS = 20;
const START = '0';

/** A step that is given names or ids: for each call others of what `prepare` returns. */
function askingCase(
  name: string,
  prepare: (stage: Stage, count: number) => Promise<string[]>,
  script: StepScript,
  page = PAGE,
): ScriptCase {
  return {
    name: `repair ${name}`,
    async prepare(stage, calls) {
      const send = await sender(stage, script);
      const all = await prepare(stage, page * calls);
      return async (n) => send(...all.slice(n * page, (n + 1) * page));
    },
  };
}

/** A step that walks through something, page after page. */
function walkingCase(
  name: string,
  prepare: (stage: Stage, count: number) => Promise<unknown>,
  script: StepScript,
  ...which: string[]
): ScriptCase {
  return {
    name: `repair ${name}`,
    async prepare(stage, calls) {
      const send = await sender(stage, script);
      await prepare(stage, PAGE * calls);
      let cursor = START;
      return async () => {
        const [next] = (await send(...which, cursor, PAGE)) as [string];
        cursor = next || cursor;
      };
    },
  };
}

/** The same of the queue, where the place is a number. */
function listCase(name: string, prepare: (stage: Stage, count: number) => Promise<unknown>, judges: 0 | 1): ScriptCase {
  return {
    name: `repair list: ${name}`,
    async prepare(stage, calls) {
      const send = await sender(stage, 'taskRepairList');
      await prepare(stage, PAGE * calls);
      let passed = 0;
      return async () => {
        [passed] = (await send('queue', passed, '', PAGE, judges)) as [number];
      };
    },
  };
}

/** What calls a step in a queue that has some workers. */
async function sender(
  { broker, keys, partition, redis }: Stage,
  script: StepScript,
): Promise<(...own: Call) => Promise<unknown>> {
  for (let n = 0; n < WORKERS; n++) await broker.join(partition, `idle${n}`, 3_600_000);
  const { lua, numberOfKeys } = redisScripts[script];
  const sha = String(await redis.script('LOAD', lua));
  const mode = [1, RETENTION.deadLetterTtlMs, RETENTION.cancelledTtlMs, 1, 0];
  return async (...own) => redis.evalsha(sha, numberOfKeys, ...keys.scripts(partition), ...mode, ...own);
}

async function withoutStatuses(stage: Stage, ids: readonly string[]): Promise<void> {
  for (const page of pages(ids)) await stage.redis.del(...page.map((id) => stage.statusKey(id)));
}

export const repairCases: ScriptCase[] = [
  askingCase(
    'workers: unlisted',
    async (stage, count) => {
      const names = stage.newIds(count);
      for (const name of names) await stage.redis.hset(stage.keys.active(stage.partition, name), name, '{}');
      return names;
    },
    'taskRepairWorkers',
  ),
  walkingCase('held: all well', (stage, count) => stage.hold('w', count), 'taskRepairHeld', 'w'),
  walkingCase(
    'held: no statuses',
    async (stage, count) => withoutStatuses(stage, await stage.hold('w', count)),
    'taskRepairHeld',
    'w',
  ),
  walkingCase('parked: all well', (stage, count) => stage.due(count), 'taskRepairParked'),
  walkingCase(
    'parked: not scheduled',
    async (stage, count) => {
      await stage.due(count);
      await stage.redis.del(stage.key('scheduled'));
    },
    'taskRepairParked',
  ),
  walkingCase('scheduled: all well', (stage, count) => stage.due(count), 'taskRepairScheduled'),
  walkingCase(
    'scheduled: no statuses',
    async (stage, count) => withoutStatuses(stage, await stage.due(count)),
    'taskRepairScheduled',
  ),
  walkingCase(
    'scheduled: no envelopes',
    async (stage, count) => {
      await stage.due(count);
      await stage.redis.del(stage.key('parked'));
    },
    'taskRepairScheduled',
  ),
  walkingCase('dead: all well', (stage, count) => stage.bury(count), 'taskRepairDead'),
  walkingCase(
    'dead: wrong statuses',
    async (stage, count) => {
      for (const id of await stage.bury(count)) await stage.redis.hset(stage.statusKey(id), 'state', 'retrying');
    },
    'taskRepairDead',
  ),
  listCase('all well', (stage, count) => stage.wait(count), 1),
  listCase(
    'no statuses',
    async (stage, count) => withoutStatuses(stage, await stage.wait(count, { wereTried: true })),
    1,
  ),
  listCase('ids only', (stage, count) => stage.wait(count), 0),
  askingCase('statuses: all well', (stage, count) => stage.wait(count), 'taskRepairStatuses'),
  askingCase(
    'statuses: never expire',
    async (stage, count) => {
      const ids = await stage.bury(count);
      for (const id of ids) await stage.redis.persist(stage.statusKey(id));
      return ids;
    },
    'taskRepairStatuses',
  ),
  askingCase(
    `missing: no tasks, ${WORKERS} workers`,
    async (stage, count) => {
      const ids = await stage.wait(count, { wereTried: true });
      await stage.redis.del(stage.key('queue'));
      await stage.wait(1_000);
      return ids;
    },
    'taskRepairMissing',
    MISSING_PAGE,
  ),
  {
    name: `repair bell: ${WORKERS} workers`,
    async prepare(stage) {
      const send = await sender(stage, 'taskRepairBell');
      return async () => send('');
    },
  },
];
