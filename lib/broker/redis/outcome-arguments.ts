import type { Outcome } from '../task-broker.js';

/** Appends kind, id, text, number, run time for each outcome: the arguments of the `exchange` script. */
export function flattenOutcomes(outcomes: readonly Outcome[], call: (string | number)[]): void {
  for (const outcome of outcomes) {
    switch (outcome.kind) {
      case 'completed':
        call.push(outcome.kind, outcome.id, outcome.result ?? '', outcome.ttlMs, outcome.ranMs);
        break;
      case 'unrecorded':
        call.push(outcome.kind, outcome.id, outcome.reason, outcome.ttlMs, outcome.ranMs);
        break;
      case 'failed':
        call.push(outcome.kind, outcome.id, outcome.error, outcome.ttlMs, outcome.ranMs);
        break;
      case 'progress':
        call.push(outcome.kind, outcome.id, outcome.progress, 0, 0);
        break;
      case 'released':
        call.push(outcome.kind, outcome.id, '', 0, 0);
        break;
      case 'deferred':
        call.push(outcome.kind, outcome.id, '', outcome.delayMs, 0);
        break;
    }
  }
}
