import { Logger } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { HeldTasks } from '../../../lib/consumer/held-tasks.js';
import { Quarantine } from '../../../lib/consumer/quarantine.js';
import { RunFactory } from '../../../lib/consumer/run-factory.js';
import { RedisClock } from '../../../lib/consumer/redis-clock.js';
import { RateLimited } from '../../../lib/handler/control-flow.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

/** Holds task `a`, whose handler has returned, or did that, and whose outcome is on its way. */
function withOutcomeUnderWay(invoke = (): unknown => 'done'): { held: HeldTasks; outcomes: Outcome[] } {
  const handler = { name: 'x', queue: 'q', origin: 'test', settings: {}, invoke };
  const settings = new TaskQueueSettings({}, {});
  const held = new HeldTasks({
    partition: partitionOf('q'),
    runs: new RunFactory({
      partition: partitionOf('q'),
      handlers: new Map([['x', handler]]),
      settingsOf: ({ name }, own) => settings.task('q', name, undefined, own),
      maxLost: 2,
      logger: new Logger(),
    }),
    settings: settings.queue('q'),
    clock: new RedisClock(),
    logger: new Logger(),
    onChange: () => undefined,
    mayStart: () => true,
    quarantine: new Quarantine(
      () => 0,
      () => undefined,
    ),
  });
  held.accept([encodeEnvelope('a', 'x', '1')], { areMarked: true, isLast: true });
  held.startWaiting();
  return { held, outcomes: held.outcomes.take(10) };
}

describe('an outcome whose call failed', () => {
  it('is reported again', () => {
    const { held, outcomes } = withOutcomeUnderWay();
    held.unsettled(outcomes);
    expect(held.outcomes.take(10)).toEqual(outcomes);
  });

  it('is dropped if the lease was lost meanwhile: the task may be claimed anew, for a run that counts', () => {
    const { held, outcomes } = withOutcomeUnderWay();
    held.keepOnly(new Set());
    held.unsettled(outcomes);
    expect(held.outcomes.hasAny).toBe(false);
  });
});

describe('a handler that was told to wait', () => {
  const limited = (): ReturnType<typeof withOutcomeUnderWay> =>
    withOutcomeUnderWay(() => {
      throw new RateLimited('1s');
    });

  it('keeps its worker from claiming, and from beginning what comes in, until Redis knows', () => {
    const { held, outcomes } = limited();
    expect(outcomes).toEqual([{ kind: 'limited', id: 'a', delayMs: 1_000 }]);
    expect(held.room).toBe(0);
    held.accept([encodeEnvelope('b', 'x', '1')], { areMarked: true, isLast: true });
    expect(held.outcomes.take(10)).toEqual([{ kind: 'released', id: 'b', began: false }]);
    held.settled(outcomes, { refused: [], cancelled: [], malformed: [] });
    expect(held.room).toBe(10);
  });

  it('does so no longer if its lease was lost', () => {
    const { held } = limited();
    held.keepOnly(new Set());
    expect(held.room).toBeGreaterThan(0);
  });
});
