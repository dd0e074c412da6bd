import fc from 'fast-check';
import { newTask, RETENTION } from '../../../../support/broker-fixture.js';
import { NOT_DUE } from '../model.js';
import { isTerminal, type ModelStatus } from '../model-task.js';
import { pick, q } from '../world.js';
import { agree, choice, place, step } from './step.js';

// Nobody can move Redis's clock. Time passes by rewriting scores: 1, 2, 3 … ms after 1970, each later than the one before.

const leaseRunsOut = step('leaseRunsOut', choice, async (world, which) => {
  const living = [...world.model.workers].filter(([, { lease }]) => lease === 'good');
  const [id, worker] = pick(living, which) ?? [];
  if (id === undefined || !worker) return;
  await world.redis.zadd(world.key('workers'), world.next(), id);
  worker.lease = 'run out';
});

const workerDies = step('workerDies', place, async (world, which) => {
  const { id } = await world.worker(which);
  const worker = world.model.workers.get(id);
  if (worker?.lease === 'good') {
    await world.redis.zadd(world.key('workers'), world.next(), id);
    worker.lease = 'run out';
  }
  world.retire(which);
});

const becomesDue = step('becomesDue', choice, async (world, which) => {
  const waiting = [...world.model.scheduled].filter(([, due]) => due === NOT_DUE);
  const [task] = pick(waiting, which) ?? [];
  if (!task) return;
  const place = world.next();
  await world.redis.zadd(world.key('scheduled'), place, task.id);
  world.model.scheduled.set(task, place);
});

/** Redis lets the status go at its time, and a dead letter is overdue then; or later, if the queue keeps it longer. */
const statusExpires = step('statusExpires', fc.record({ choice, isOverdue: fc.boolean() }), async (world, settings) => {
  const isOver = ({ state, isPending }: ModelStatus): boolean => isTerminal(state) && !isPending;
  const ended = [...world.model.statuses].filter(([, status]) => isOver(status)).map(([id]) => id);
  const id = pick(ended, settings.choice);
  if (id === undefined) return;
  await world.redis.del(`${world.key('status')}:${id}`);
  world.model.statuses.delete(id);
  const letter = world.model.dead.get(id);
  if (!letter || !settings.isOverdue) return;
  await world.redis.zadd(world.key('dead'), world.next(), id);
  world.model.overdue.add(letter);
});

const recover = step(
  'recover',
  fc.record({ maxLost: fc.constantFrom(0, 1, 2, 2), keepsLetters: fc.nat(3).map((n) => n < 3) }),
  async (world, { maxLost, keepsLetters }) => {
    const deadLetterTtlMs = keepsLetters ? RETENTION.deadLetterTtlMs : 0;
    const candidates = world.model.toRecover();
    const recovery = await world.broker.recover(q, maxLost, { ...RETENTION, deadLetterTtlMs });
    if (!recovery || candidates.length === 0) {
      agree([recovery, candidates], [null, []]);
      return;
    }
    agree(candidates.includes(recovery.worker), true);
    const { cancelledTtlMs } = RETENTION;
    agree(recovery, world.model.recover(recovery.worker, maxLost, deadLetterTtlMs, cancelledTtlMs));
  },
);

const scriptFlush = step('scriptFlush', fc.constant(null), async (world) => {
  await world.redis.script('FLUSH');
});

/** The broker's connection breaks while it adds tasks: whether the call arrived or not, it counts once. */
const connectionBreaks = step('connectionBreaks', fc.constantFrom('', 'token'), async (world, token) => {
  const number = world.next();
  const task = newTask(`01J${String(number).padStart(23, '0')}`, { token, data: JSON.stringify(`data-${number}`) });
  world.note(task.id);
  const list = String(await world.redis.client('LIST'));
  const line = list.split('\n').find((each) => each.includes(` name=${world.prefix}task_queue:commands `));
  const connection = /^id=(\d+)/.exec(line ?? '')?.[1];
  const kill = connection === undefined ? null : world.redis.client('KILL', 'ID', Number(connection));
  const [answers] = await Promise.all([world.broker.enqueue(q, [task]), kill]);
  agree(answers, world.model.enqueue([task], Infinity));
});

export const faultSteps = [
  { weight: 2, arbitrary: leaseRunsOut },
  { weight: 2, arbitrary: workerDies },
  { weight: 4, arbitrary: becomesDue },
  { weight: 1, arbitrary: statusExpires },
  { weight: 4, arbitrary: recover },
];
export const rareFaultSteps = [
  { weight: 1, arbitrary: scriptFlush },
  { weight: 1, arbitrary: connectionBreaks },
];
