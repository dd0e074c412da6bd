import fc from 'fast-check';
import { decodeEnvelope } from '../../../../../lib/broker/envelope.js';
import type { ExchangeReply } from '../../../../../lib/broker/exchange.js';
import type { ManualWorker } from '../../../../support/broker-fixture.js';
import { exchange, type ModelRequest } from '../model-exchange.js';
import { pick, q, type World } from '../world.js';
import { toTask } from './producer.steps.js';
import { requestPlan, toRequest } from './requests.js';
import { agree, choice, place, step } from './step.js';

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
  agree(reply && view(reply), expected && { ...expected, claimed: expected.claimed.map(claimedView) });
  return reply !== null;
}

function view({ claimed, nextDueMs, isHeldUp: _isHeldUp, nowMs: _nowMs, ...others }: ExchangeReply): unknown {
  const tasks = claimed.map((text) => decodeEnvelope(text)).map(({ data, ...task }) => ({ ...task, marker: data }));
  return { ...others, claimed: tasks.map(claimedView), hasScheduled: nextDueMs !== null };
}

interface Claimed {
  id: string;
  marker: unknown;
  attempt: number;
  lost?: number | null | undefined;
  missed: number;
}

function claimedView({ id, marker, attempt, lost, missed }: Claimed): string {
  return `${id} ${String(marker)} attempt ${attempt}, lost ${lost ?? 'never'}, missed ${missed}`;
}

const exchanges = step(
  'exchange',
  fc.record({ place, plan: requestPlan, isSentTwice: fc.nat(9).map((n) => n === 9) }),
  async (world, settings) => {
    const worker = await world.worker(settings.place);
    const sent = toRequest(world, worker, settings.plan);
    let isAlive = await exchangeBoth(world, worker, sent);
    // A copy that was held up somewhere: its outcomes come too late, and it claims once more.
    if (settings.isSentTwice) isAlive = await exchangeBoth(world, worker, sent);
    if (!isAlive) world.retire(settings.place);
  },
);

/** One that has left, was declared dead, or never joined says something after all. */
const ghost = step('ghost', fc.record({ choice, plan: requestPlan }), async (world, settings) => {
  const worker = pick(world.ghosts, settings.choice);
  if (!worker) return;
  await exchangeBoth(world, worker, toRequest(world, worker, settings.plan));
});

/** More than `recover` and promoting take in one page, held by one worker. */
const holdMany = step('holdMany', place, async (world, which) => {
  const tasks = Array.from({ length: 40 }, () => toTask(world, { id: null, expires: false, priority: 0 }));
  agree(await world.broker.enqueue(q, tasks), world.model.enqueue(tasks, Infinity));
  const worker = await world.worker(which);
  const isAlive = await exchangeBoth(world, worker, {
    outcomes: [],
    want: 45,
    marks: false,
    probes: false,
    maxLost: 2,
  });
  if (!isAlive) world.retire(which);
});

export const exchangeSteps = [
  { weight: 28, arbitrary: exchanges },
  { weight: 2, arbitrary: ghost },
];
export const rareExchangeSteps = [{ weight: 2, arbitrary: holdMany }];
