import fc from 'fast-check';
import type { Outcome } from '../../../../../lib/broker/exchange.js';
import type { ManualWorker } from '../../../../support/broker-fixture.js';
import type { ModelRequest } from '../model-exchange.js';
import { pick, type World } from '../world.js';
import { choice, ttlMs } from './step.js';

const delayMs = fc.constantFrom(0, 3_600_000, 3_600_000);
const error = fc.constantFrom('{"name":"E1"}', '{"name":"E2"}');
const ranMs = fc.nat(50);
const result = fc.constantFrom('1', undefined);

/** Of which task is chosen later. */
function of<Kind extends Outcome['kind']>(kind: Kind): { kind: fc.Arbitrary<Kind>; id: fc.Arbitrary<string> } {
  return { kind: fc.constant(kind), id: fc.constant('') };
}

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...of('completed'), result, ranMs, ttlMs }) },
  { weight: 1, arbitrary: fc.record({ ...of('unrecorded'), reason: fc.constant('too large'), ranMs, ttlMs }) },
  { weight: 2, arbitrary: fc.record({ ...of('failed'), error, ranMs, ttlMs }) },
  { weight: 2, arbitrary: fc.record({ ...of('retrying'), error, ranMs, delayMs }) },
  { weight: 1, arbitrary: fc.record({ ...of('snoozed'), delayMs }) },
  { weight: 1, arbitrary: fc.record({ ...of('deferred'), delayMs }) },
  { weight: 2, arbitrary: fc.record({ ...of('released'), began: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...of('cancelled'), reason: fc.constant('by its worker'), ttlMs }) },
  { weight: 1, arbitrary: fc.record({ ...of('expired'), ttlMs }) },
  { weight: 1, arbitrary: fc.record({ ...of('began'), ranMs }) },
  { weight: 2, arbitrary: fc.record({ ...of('began'), ranMs, isAlone: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...of('progress'), progress: fc.constantFrom('10', '90') }) },
);

export interface RequestPlan {
  outcomes: { outcome: Outcome; choice: number; isHeld: boolean }[];
  want: number;
  marks: boolean;
  probes: boolean;
  maxLost: number;
  restMs: number;
}

export const requestPlan: fc.Arbitrary<RequestPlan> = fc.record({
  outcomes: fc.array(fc.record({ outcome, choice, isHeld: fc.nat(9).map((n) => n < 9) }), { maxLength: 8 }),
  want: fc.constantFrom(0, 1, 2, 3, 5, 8),
  marks: fc.boolean(),
  probes: fc.boolean(),
  maxLost: fc.constantFrom(0, 1, 2, 2),
  restMs: fc.constantFrom(0, 600_000),
});

/** Chooses for each outcome one of the tasks that the worker holds, or one that it does not hold. None is settled twice. */
export function toRequest(world: World, worker: ManualWorker, { outcomes, ...rest }: RequestPlan): ModelRequest {
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
