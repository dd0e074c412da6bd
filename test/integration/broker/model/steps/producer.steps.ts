import fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import type { Due, NewTask } from '../../../../../lib/broker/task-broker.js';
import { newTask } from '../../../../support/broker-fixture.js';
import { modelTask } from '../model-task.js';
import { q, type World } from '../world.js';
import { agree, step } from './step.js';

const ownId = fc.constantFrom('own-1', 'own-2', 'own-3');

/** Most have none. */
export const priority = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(-7, 5, 6));

const kindOfTask = fc.oneof(
  { weight: 3, arbitrary: fc.record({ id: fc.constant(null), expires: fc.boolean(), priority }) },
  { weight: 2, arbitrary: fc.record({ id: ownId, expires: fc.boolean(), priority }) },
);

interface KindOfTask {
  id: string | null;
  expires: boolean;
  priority: number;
}

export function toTask(world: World, { id, expires, priority: rank }: KindOfTask): NewTask {
  const number = world.next();
  // As long as a ULID, which scripts read in a way of their own.
  const task = newTask(id ?? `01J${String(number).padStart(23, '0')}`, {
    data: JSON.stringify(`data-${number}`),
    token: id === null ? '' : `token-${number}`,
    priority: rank,
  });
  world.note(task.id);
  return expires ? { ...task, expiresInMs: 3_600_000 } : task;
}

const enqueue = step(
  'enqueue',
  fc.record({
    tasks: fc.array(kindOfTask, { minLength: 1, maxLength: 4 }),
    maxLength: fc.option(fc.nat(6), { nil: undefined, freq: 3 }),
    how: fc.constantFrom('once', 'twice', 'without status'),
  }),
  async (world, { tasks: kinds, maxLength = Infinity, how }) => {
    const tasks = kinds.map((kind) => toTask(world, kind));
    const withStatus = how !== 'without status';
    for (let sent = 0; sent < (how === 'twice' ? 2 : 1); sent++) {
      const inLanes = tasks.some((task) => task.priority !== 0);
      const answers = await world.broker.enqueue(q, tasks, { maxLength, withStatus, inLanes });
      // 0 stands for no limit in Redis, and no caller may ask for it.
      agree(answers, world.model.enqueue(tasks, maxLength || Infinity, withStatus));
    }
  },
);

/** What is due when Redis's clock has moved on comes behind it, whatever its id. */
export const aMoment = async (): Promise<void> => delay(2);

const schedule = step(
  'schedule',
  fc.record({
    tasks: fc.array(kindOfTask, { minLength: 1, maxLength: 4 }),
    maxLength: fc.option(fc.integer({ min: 1, max: 6 }), { nil: Infinity, freq: 3 }),
    due: fc.constantFrom<Due>({ inMs: 3_600_000 }, { atMs: 4e12 }, { inMs: 0 }, { atMs: 7 }),
    isSentTwice: fc.boolean(),
  }),
  async (world, { tasks: kinds, maxLength, due, isSentTwice }) => {
    const tasks = kinds.map((kind) => ({ ...toTask(world, kind), due }));
    const isDue = 'inMs' in due ? due.inMs === 0 : due.atMs === 7;
    for (let sent = 0; sent < (isSentTwice ? 2 : 1); sent++) {
      const answers = await world.broker.schedule(q, tasks, { maxLength });
      agree(answers, world.model.schedule(tasks, isDue, maxLength));
    }
    if (isDue) await aMoment();
  },
);

/** What any Redis client can push. */
const push = step(
  'push',
  fc.record({
    what: fc.oneof(fc.constantFrom('object', 'envelope', 'garbage', '{"id":"x","attempt":1.5}'), ownId),
    rings: fc.boolean(),
  }),
  async (world, { what, rings }) => {
    const number = world.next();
    const marker = `data-${number}`;
    const task = modelTask('', marker);
    let text: string = what;
    if (what === 'envelope') {
      task.id = `pushed-${number}`;
      world.note(task.id);
      text = newTask(task.id, { data: JSON.stringify(marker) }).envelope;
    } else {
      const wantedId = what.startsWith('own') ? what : undefined;
      if (wantedId !== undefined) world.note(wantedId);
      const isTask = what === 'object' || wantedId !== undefined;
      if (isTask) text = JSON.stringify({ name: 'task', id: wantedId, data: marker });
      task.foreign = { text, isTask, wantedId };
    }
    await world.redis.lpush(world.key('queue'), text);
    world.model.accept(task);
    if (!rings) return;
    await world.redis.lpush(world.key('bell'), '1');
    world.model.tokens++;
  },
);

export const producerSteps = [
  { weight: 8, arbitrary: enqueue },
  { weight: 3, arbitrary: schedule },
  { weight: 2, arbitrary: push },
];
