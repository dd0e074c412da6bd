import { Logger } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { HeldTasks } from '../../../lib/consumer/held-tasks.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

/** Holds task `a`, whose handler has returned and whose outcome is on its way. */
function withOutcomeUnderWay(): { held: HeldTasks; outcomes: ReturnType<HeldTasks['takeOutcomes']> } {
  const handler = { name: 'x', queue: 'q', origin: 'test', invoke: () => 'done' };
  const held = new HeldTasks(
    partitionOf('q'),
    new Map([['x', handler]]),
    new TaskQueueSettings({}, {}).queue('q'),
    new Logger(),
    () => undefined,
    () => true,
  );
  held.accept([encodeEnvelope('a', 'x', '1')], { areMarked: true });
  held.startWaiting();
  return { held, outcomes: held.takeOutcomes(10) };
}

describe('an outcome whose call failed', () => {
  it('is reported again', () => {
    const { held, outcomes } = withOutcomeUnderWay();
    held.unsettled(outcomes);
    expect(held.takeOutcomes(10)).toEqual(outcomes);
  });

  it('is dropped if the lease was lost meanwhile: the task may be claimed anew, for a run that counts', () => {
    const { held, outcomes } = withOutcomeUnderWay();
    held.keepOnly(new Set());
    held.unsettled(outcomes);
    expect(held.hasOutcomes).toBe(false);
  });
});
