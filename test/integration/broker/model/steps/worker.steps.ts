import fc from 'fast-check';
import { decodeEnvelope } from '../../../../../lib/broker/envelope.js';
import { byText } from '../model-task.js';
import { q } from '../world.js';
import { agree, place, step } from './step.js';

/** After a lost answer: what the worker reads is all that it has, as the model says. */
const lookAtHeld = step('lookAtHeld', place, async (world, which) => {
  const worker = await world.worker(which);
  const held = [...(world.model.workers.get(worker.id)?.held ?? [])];
  const ids = await world.broker.held(q, worker.id);
  agree(ids.sort(byText), held.map((task) => task.id).sort(byText));
  const envelopes = await world.broker.heldTasks(q, worker.id, [...ids, 'unknown']);
  const markers = envelopes.map((text) => decodeEnvelope(text).data as string);
  agree(markers.sort(byText), held.map((task) => task.marker).sort(byText));
});

const beat = step('beat', place, async (world, which) => {
  const worker = await world.worker(which);
  const reply = await world.broker.beat(q, worker.id, worker.leaseMs);
  agree(reply && { ...reply, cancelled: reply.cancelled.sort(byText) }, world.model.beat(worker.id));
  if (!reply) world.retire(which);
});

/** Somebody wakes: what comes next is up to other steps. */
const takeToken = step('takeToken', fc.constant(null), async (world) => {
  const token = await world.redis.rpop(world.key('bell'));
  agree(token !== null, world.model.tokens > 0);
  world.model.tokens = Math.max(0, world.model.tokens - 1);
});

const ringAgain = step('ringAgain', fc.constant(null), async (world) => {
  await world.broker.ringAgain(q);
  if (world.model.queue.length + world.model.suspects.length > 0) world.model.ring();
  world.model.ringIfDue();
});

const leave = step('leave', place, async (world, which) => {
  const worker = await world.worker(which);
  await world.broker.leave(q, worker.id);
  world.model.leave(worker.id);
  world.retire(which);
});

export const workerSteps = [
  { weight: 1, arbitrary: lookAtHeld },
  { weight: 1, arbitrary: beat },
  { weight: 1, arbitrary: takeToken },
  { weight: 1, arbitrary: ringAgain },
  { weight: 1, arbitrary: leave },
];
