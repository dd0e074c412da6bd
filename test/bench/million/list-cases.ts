import { deepStrictEqual, ok } from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { TaskState } from '../../../lib/index.js';
import { listAll } from '../../support/task-lists.js';
import type { MillionCase } from './million-case.js';
import { QUEUE } from './million-queue.js';

const STATES: TaskState[] = ['waiting', 'active', 'scheduled', 'retrying', 'failed', 'completed', 'cancelled'];
const FOUND = 50;

/** Through the whole list of each state: what stood there all the time must be in it. */
const lists = STATES.map((state): MillionCase => ({
  name: `list ${state}`,
  async run(queue) {
    let pages = 1;
    const tasks = await listAll(queue.admin, QUEUE, state, { limit: 1_000 }, () => pages++);
    const seen = new Set(tasks.map(({ id }) => id));
    deepStrictEqual(
      queue.standing(state).filter((id) => !seen.has(`${QUEUE}:${id}`)),
      [],
    );
    return `${tasks.length} tasks on ${pages} pages, ${tasks.length - seen.size} twice`;
  },
}));

const search: MillionCase = {
  name: 'search in what waits',
  async run(queue) {
    const ids = queue.standing('waiting');
    const id = ids[Math.floor(ids.length / 2)] ?? '';
    const tasks = await listAll(queue.admin, QUEUE, 'waiting', { search: id });
    ok(tasks.some((task) => task.id === `${QUEUE}:${id}`) || queue.traffic.claimed.has(id), `${id} was not found`);
    return 'found';
  },
};

const finds = (['waiting', 'active', 'scheduled', 'retrying', 'failed'] as const).map((state): MillionCase => ({
  name: `find what is ${state}`,
  async run(queue) {
    const ids = queue.standing(state);
    let moved = 0;
    for (let n = 0; n < FOUND; n++) {
      const id = ids[randomInt(ids.length)] ?? '';
      const task = await queue.admin.find(`${QUEUE}:${id}`);
      ok(task, `${id} was not found`);
      if (task.state === state) deepStrictEqual(task.data, { of: id });
      else moved++;
    }
    return `${FOUND} found, ${moved} of them elsewhere meanwhile`;
  },
}));

export const listCases: readonly MillionCase[] = [...lists, search, ...finds];
