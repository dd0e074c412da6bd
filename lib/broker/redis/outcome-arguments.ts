import type { Outcome } from '../task-broker.js';

/**
 * Appends the outcomes as the `exchange` script reads them: in groups of those that follow each other with the same kind
 * and number, each group headed by these and its size.
 */
export function flattenOutcomes(outcomes: readonly Outcome[], call: (string | number)[]): void {
  let sizeAt = 0;
  let size = 0;
  let group: { kind: string; number: number } | undefined;
  for (const outcome of outcomes) {
    const number = numberOf(outcome);
    if (group?.kind !== outcome.kind || group.number !== number) {
      if (group) call[sizeAt] = size;
      group = { kind: outcome.kind, number };
      size = 0;
      call.push(outcome.kind, number, 0);
      sizeAt = call.length - 1;
    }
    size++;
    call.push(outcome.id, textOf(outcome), 'ranMs' in outcome ? outcome.ranMs : 0);
  }
  if (group) call[sizeAt] = size;
}

function numberOf(outcome: Outcome): number {
  if ('ttlMs' in outcome) return outcome.ttlMs;
  if ('delayMs' in outcome) return outcome.delayMs;
  return outcome.kind === 'released' && outcome.isSuspect ? 1 : 0;
}

function textOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'completed':
      return outcome.result ?? '';
    case 'unrecorded':
      return outcome.reason;
    case 'failed':
    case 'retrying':
      return outcome.error;
    case 'cancelled':
      return outcome.reason;
    case 'progress':
      return outcome.progress;
    default:
      return '';
  }
}
