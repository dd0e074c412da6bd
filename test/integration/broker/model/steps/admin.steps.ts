import fc from 'fast-check';
import { byText, isTerminal } from '../model-task.js';
import { pick, q } from '../world.js';
import { aMoment, priority } from './producer.steps.js';
import { agree, choice, step, ttlMs } from './step.js';

const cancel = step('cancel', fc.record({ choice, ttlMs, isLiving: fc.boolean() }), async (world, settings) => {
  // Rather one of those that have not ended.
  const living = world.model.tasks.filter((task) => !task.hasEnded && task.id !== '').map((task) => task.id);
  const id = pick(settings.isLiving ? living : world.ids, settings.choice) ?? 'unknown';
  const reason = `reason ${world.next()}`;
  agree(
    await world.broker.steering.cancel(q, id, reason, settings.ttlMs),
    world.model.cancel(id, reason, settings.ttlMs),
  );
});

/** What waits for its time, and sometimes something else. */
const reschedule = step(
  'reschedule',
  fc.record({ choice, isWaiting: fc.nat(4).map((n) => n < 4), isDue: fc.boolean() }),
  async (world, settings) => {
    const waiting = [...world.model.scheduled.keys()].map(({ id }) => id).sort(byText);
    const id = pick(settings.isWaiting ? waiting : world.ids, settings.choice);
    if (id === undefined) return;
    const due = settings.isDue ? { inMs: 0 } : { atMs: 4e12 };
    agree(await world.broker.steering.reschedule(q, id, due), world.model.reschedule(id, settings.isDue));
    if (settings.isDue) await aMoment();
  },
);

/** What waits, and sometimes something else. Of what was added without a status Redis may not know where it waits. */
const reprioritize = step(
  'reprioritize',
  fc.record({ choice, isWaiting: fc.nat(4).map((n) => n < 4), priority }),
  async (world, settings) => {
    const { queue, scheduled, statuses } = world.model;
    const waiting = [...queue, ...scheduled.keys()].map(({ id }) => id).sort(byText);
    const id = pick(settings.isWaiting ? waiting : world.ids, settings.choice);
    const status = id !== undefined && statuses.get(id);
    if (!id || (status && status.priority === null)) return;
    agree(
      await world.broker.steering.reprioritize(q, id, settings.priority),
      world.model.reprioritize(id, settings.priority),
    );
  },
);

/** Dead letters, and sometimes something else. */
const revive = step(
  'revive',
  fc.record({ choices: fc.array(choice, { maxLength: 3 }), other: choice }),
  async (world, settings) => {
    const dead = [...world.model.dead.keys()].sort(byText);
    const ids = [...settings.choices.map((each) => pick(dead, each)), pick(world.ids, settings.other)];
    const chosen = ids.filter((id) => id !== undefined);
    agree(await world.broker.steering.revive(q, chosen), world.model.revive(chosen));
  },
);

const discard = step('discard', fc.record({ choice, isDead: fc.nat(4).map((n) => n < 4) }), async (world, settings) => {
  const dead = [...world.model.dead.keys()].sort(byText);
  const id = pick(settings.isDead ? dead : world.ids, settings.choice);
  if (id === undefined) return;
  agree(await world.broker.steering.discard(q, id), world.model.discard(id));
});

/** Rather one of those that have not ended. */
const remove = step('remove', fc.record({ choice, isLiving: fc.boolean() }), async (world, settings) => {
  const living = world.model.tasks.filter((task) => !task.hasEnded && task.id !== '').map((task) => task.id);
  const id = pick(settings.isLiving ? living : world.ids, settings.choice);
  const status = id !== undefined && world.model.statuses.get(id);
  if (!id || (status && status.priority === null && !isTerminal(status.state))) return;
  agree(await world.broker.steering.remove(q, id, false), world.model.remove(id));
});

const pause = step('pause', fc.boolean(), async (world, isPaused) => {
  if (isPaused) agree(await world.broker.queues.pause(q), world.model.pause());
  else agree(await world.broker.queues.resume(q), world.model.resume());
});

export const adminSteps = [
  { weight: 5, arbitrary: cancel },
  { weight: 2, arbitrary: reschedule },
  { weight: 2, arbitrary: reprioritize },
  { weight: 2, arbitrary: revive },
  { weight: 1, arbitrary: discard },
  { weight: 2, arbitrary: remove },
  { weight: 1, arbitrary: pause },
];
