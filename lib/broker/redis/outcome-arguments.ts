import type { Outcome } from '../exchange.js';
import { writeLine } from './log-record.js';
import { mayHoldKey } from '../lock.js';
import { TICK_PREFIX } from '../schedule-store.js';

/** Appends how many of these tasks there are for whose end others may wait, and which. */
export function pushAwaited(outcomes: readonly Outcome[], call: (string | number)[]): void {
  const count = call.push(0) - 1;
  for (const { id } of outcomes) if (id.startsWith(TICK_PREFIX) || mayHoldKey(id)) call.push(id);
  call[count] = call.length - count - 1;
}

/**
 * Appends the outcomes as the `exchange` script reads them: in groups of those that follow each other with the same kind,
 * number, run time and name, each group headed by these and its size. The lines of a task are a group of their own.
 */
export function flattenOutcomes(outcomes: readonly Outcome[], call: (string | number)[]): void {
  let sizeAt = 0;
  let size = 0;
  let group: { kind: string; number: number; ranMs: number; name: string } | undefined;
  for (const outcome of outcomes) {
    const { kind, id } = outcome;
    if (outcome.kind === 'logged') {
      if (group) call[sizeAt] = size;
      group = undefined;
      call.push(kind, 0, 0, id, outcome.lines.length, ...outcome.lines.map(writeLine));
      continue;
    }
    const number = numberOf(outcome);
    const ranMs = 'ranMs' in outcome ? outcome.ranMs : 0;
    const name = ('name' in outcome && outcome.name) || '';
    if (group?.kind !== kind || group.number !== number || group.ranMs !== ranMs || group.name !== name) {
      if (group) call[sizeAt] = size;
      group = { kind, number, ranMs, name };
      size = 0;
      call.push(kind, number, ranMs, name, 0);
      sizeAt = call.length - 1;
    }
    size++;
    call.push(id, textOf(outcome));
  }
  if (group) call[sizeAt] = size;
}

type Single = Exclude<Outcome, { kind: 'logged' }>;

function numberOf(outcome: Single): number {
  switch (outcome.kind) {
    case 'completed':
    case 'unrecorded':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return outcome.ttlMs;
    case 'retrying':
    case 'snoozed':
    case 'deferred':
      return outcome.delayMs;
    case 'limited':
      // Its handler has begun, which is told by a number that is not 0.
      return Math.max(1, outcome.delayMs);
    case 'released':
      return outcome.began ? 1 : 0;
    case 'began':
    case 'progress':
      return 0;
  }
}

function textOf(outcome: Single): string {
  switch (outcome.kind) {
    case 'completed':
      return outcome.result ?? '';
    case 'unrecorded':
    case 'cancelled':
      return outcome.reason;
    case 'failed':
    case 'retrying':
      return outcome.error;
    case 'progress':
      return outcome.progress;
    case 'began':
      return outcome.isAlone === undefined ? '' : outcome.isAlone ? 'alone' : 'not alone';
    case 'deferred':
    case 'expired':
    case 'limited':
    case 'released':
    case 'snoozed':
      return '';
  }
}
