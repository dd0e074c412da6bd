import { ok } from 'node:assert/strict';
import type { MillionCase } from './million-case.js';
import { QUEUE } from './million-queue.js';

const OTHER = 'million-others';

/** What changes the queue, each after those that need it as it was. */
export const steeringCases: readonly MillionCase[] = [
  {
    name: 'pause, resume',
    async run({ admin }) {
      for (let n = 0; n < 50; n++) ok((await admin.pause(QUEUE)) && (await admin.resume(QUEUE)));
      return '50 times';
    },
  },
  {
    name: 'drain, dry run',
    async run(queue) {
      const { admin, broker, partition } = queue;
      const { done } = await admin.drain(QUEUE, { dryRun: true, scheduled: true });
      const { scheduled, retrying } = await broker.readings.counts(partition);
      ok(done >= scheduled + retrying + queue.standing('waiting').length);
      return `${done} tasks`;
    },
  },
  {
    name: 'move',
    async run(queue) {
      const [some = ''] = queue.standing('scheduled');
      const { done } = await queue.admin.move(QUEUE, OTHER, { state: 'scheduled', search: some.slice(0, 8) });
      return `${done} tasks`;
    },
  },
  {
    name: 'purge of dead letters',
    async run({ admin }) {
      return `${(await admin.purge(QUEUE, 'failed', 0)).done} tasks`;
    },
  },
  {
    name: 'drain',
    async run({ admin }) {
      return `${(await admin.drain(QUEUE, { scheduled: true })).done} tasks`;
    },
  },
  {
    name: 'purge of what is cancelled',
    async run({ admin }) {
      return `${(await admin.purge(QUEUE, 'cancelled', 0)).done} tasks`;
    },
  },
  {
    name: 'obliterate',
    async run({ admin }) {
      const { done } = await admin.obliterate(QUEUE, { force: true });
      await admin.obliterate(OTHER, { force: true });
      return `${done} keys`;
    },
  },
];
