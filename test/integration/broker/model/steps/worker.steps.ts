import fc from 'fast-check';
import { expect } from 'vitest';
import { decodeEnvelope } from '../../../../../lib/broker/envelope.js';
import type { ExchangeReply, Outcome } from '../../../../../lib/broker/exchange.js';
import type { ManualWorker } from '../../../../support/broker-fixture.js';
import { exchange, type ModelRequest } from '../model-exchange.js';
import { byText } from '../model-task.js';
import { pick, q, type World, WORKERS } from '../world.js';
import { choice, step, ttlMs } from './step.js';

const place = fc.nat(WORKERS - 1);
const delayMs = fc.constantFrom(0, 3_600_000, 3_600_000);
const error = fc.constantFrom('{"name":"E1"}', '{"name":"E2"}');
const id = fc.constant('');
const ranMs = fc.nat(50);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('completed' as const),
      id,
      result: fc.constantFrom('1', undefined),
      ranMs,
      ttlMs,
    }),
  },
  fc.record({ kind: fc.constant('unrecorded' as const), id, reason: fc.constant('too large'), ranMs, ttlMs }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('failed' as const), id, error, ranMs, ttlMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retrying' as const), id, error, ranMs, delayMs }) },
  fc.record({ kind: fc.constant('snoozed' as const), id, delayMs }),
  fc.record({ kind: fc.constant('deferred' as const), id, delayMs }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('released' as const), id, began: fc.boolean() }) },
  fc.record({ kind: fc.constant('cancelled' as const), id, reason: fc.constant('by its worker'), ttlMs }),
  fc.record({ kind: fc.constant('expired' as const), id, ttlMs }),
  fc.record({ kind: fc.constant('began' as const), id, ranMs }),
  fc.record({ kind: fc.constant('progress' as const), id, progress: fc.constantFrom('10', '90') }),
);

const request = fc.record({
  outcomes: fc.array(fc.record({ outcome, choice, isHeld: fc.nat(9).map((n) => n < 9) }), { maxLength: 8 }),
  want: fc.constantFrom(0, 1, 2, 3, 5, 8),
  marks: fc.boolean(),
  probes: fc.boolean(),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** Chooses for each outcome one of the tasks that the worker holds, or one that it does not hold. None is settled twice. */
function toRequest(world: World, worker: ManualWorker, { outcomes, ...rest }: Request): ModelRequest {
  const held = [...(world.model.workers.get(worker.id)?.held ?? [])].map((task) => task.id);
  const others = world.ids.filter((known) => !held.includes(known));
  const chosen = outcomes.flatMap((row): Outcome[] => {
    const from = row.isHeld ? held : others;
    const target = pick(from, row.choice);
    if (target === undefined) return [];
    const goesOn = row.outcome.kind === 'began' || row.outcome.kind === 'progress';
    if (!goesOn) from.splice(from.indexOf(target), 1);
    return [{ ...row.outcome, id: target }];
  });
  return { ...rest, outcomes: chosen };
}

const FRESH = /^\d{16}-(\d+)$/;

/** The ids that Redis made up for this answer, in that order. */
function freshIds(reply: ExchangeReply | null, knownBefore: readonly string[]): string[] {
  const ids = [...(reply?.claimed ?? []).map((text) => decodeEnvelope(text).id), ...(reply?.malformed ?? [])];
  const fresh = ids.filter((each) => FRESH.test(each) && !knownBefore.includes(each));
  return fresh.sort((one, other) => Number(FRESH.exec(one)?.[1]) - Number(FRESH.exec(other)?.[1]));
}

/** @returns whether the worker is alive */
async function exchangeBoth(world: World, worker: ManualWorker, sent: ModelRequest): Promise<boolean> {
  const { want, outcomes, ...options } = sent;
  const reply = await worker.exchange(want, [...outcomes], options);
  const made = freshIds(reply, world.ids);
  const expected = exchange(world.model, worker.id, sent, made.values());
  world.note(...made);
  if (expected === null || reply === null) {
    expect(reply).toBe(expected);
    return false;
  }
  const { claimed, refused, malformed, more, expired, nextDueMs } = reply;
  expect({
    claimed: claimed.map((text) => decodeEnvelope(text)).map((task) => [task.id, task.data, task.attempt, task.lost]),
    refused,
    malformed,
    more,
    expired,
    hasScheduled: nextDueMs !== null,
  }).toEqual({
    ...expected,
    claimed: expected.claimed.map((task) => [task.id, task.marker, task.attempt, task.lost]),
  });
  return true;
}

const settleAndClaim = step(
  'exchange',
  fc.record({ place, request, isSentTwice: fc.nat(9).map((n) => n === 9) }),
  async (world, settings) => {
    const worker = await world.worker(settings.place);
    const sent = toRequest(world, worker, settings.request);
    let isAlive = await exchangeBoth(world, worker, sent);
    // A copy that was held up somewhere: its outcomes come too late, and it claims once more.
    if (settings.isSentTwice) isAlive = await exchangeBoth(world, worker, sent);
    if (!isAlive) world.retire(settings.place);
  },
);

/** After a lost answer: what the worker reads is all that it has, as the model says. */
const lookAtHeld = step('lookAtHeld', place, async (world, which) => {
  const worker = await world.worker(which);
  const held = [...(world.model.workers.get(worker.id)?.held ?? [])];
  const ids = await world.broker.held(q, worker.id);
  expect(ids.sort(byText)).toEqual(held.map((task) => task.id).sort(byText));
  const envelopes = await world.broker.heldTasks(q, worker.id, [...ids, 'unknown']);
  const markers = envelopes.map((text) => decodeEnvelope(text).data as string);
  expect(markers.sort(byText)).toEqual(held.map((task) => task.marker).sort(byText));
});

const beat = step('beat', place, async (world, which) => {
  const worker = await world.worker(which);
  const reply = await world.broker.beat(q, worker.id, worker.leaseMs);
  expect(reply && { ...reply, cancelled: reply.cancelled.sort(byText) }).toEqual(world.model.beat(worker.id));
  if (!reply) world.retire(which);
});

/** Somebody wakes: what comes next is up to other steps. */
const takeToken = step('takeToken', fc.constant(null), async (world) => {
  const token = await world.redis.rpop(world.key('bell'));
  expect(token !== null).toBe(world.model.tokens > 0);
  world.model.tokens = Math.max(0, world.model.tokens - 1);
});

const ringAgain = step('ringAgain', fc.constant(null), async (world) => {
  await world.broker.ringAgain(q);
  if (world.model.queue.length + world.model.suspects.length > 0) world.model.ring();
});

const leave = step('leave', place, async (world, which) => {
  const worker = await world.worker(which);
  await world.broker.leave(q, worker.id);
  world.model.leave(worker.id);
  world.retire(which);
});

/** One that has left, was declared dead, or never joined says something after all. */
const ghost = step('ghost', fc.record({ choice, request }), async (world, settings) => {
  const worker = pick(world.ghosts, settings.choice);
  if (!worker) return;
  await exchangeBoth(world, worker, toRequest(world, worker, settings.request));
});

export const workerSteps = [
  { weight: 28, arbitrary: settleAndClaim },
  { weight: 1, arbitrary: lookAtHeld },
  { weight: 1, arbitrary: beat },
  { weight: 1, arbitrary: takeToken },
  { weight: 1, arbitrary: ringAgain },
  { weight: 1, arbitrary: leave },
  { weight: 2, arbitrary: ghost },
];
