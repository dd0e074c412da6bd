import type { ClaimLimits } from '../../lib/broker/claim-limits.js';
import { decodeEnvelope, encodeEnvelope } from '../../lib/broker/envelope.js';
import type { ExchangeReply, Outcome, Retention } from '../../lib/broker/exchange.js';
import type { Partition } from '../../lib/broker/partition.js';
import type { NewTask, TaskBroker } from '../../lib/broker/task-broker.js';

export function newTask(
  id: string,
  { name = 'task', data = '{}', token = '', priority = 0, group }: Partial<NewTask> & { data?: string } = {},
): NewTask {
  const envelope = encodeEnvelope(id, name, data, undefined, { priority, group });
  return { id, name, token, priority, group, envelope };
}

export const MAX_LOST = 2;
export const RETENTION: Retention = { deadLetterTtlMs: 3_600_000, cancelledTtlMs: 3_600_000 };

/** A worker of the test's own, which settles and claims step by step. */
export class ManualWorker {
  readonly leaseMs: number;

  constructor(
    private readonly broker: TaskBroker,
    private readonly partition: Partition,
    readonly id: string,
    { leaseMs = 60_000 } = {},
  ) {
    this.leaseMs = leaseMs;
  }

  async join(): Promise<this> {
    await this.broker.join(this.partition, this.id, this.leaseMs);
    return this;
  }

  async exchange(
    want: number,
    outcomes: Outcome[] = [],
    {
      marks = true,
      probes = true,
      maxLost = MAX_LOST,
      restMs = 0,
      free = want,
      agingMs = 0,
      groupConcurrency = 0,
      limits = undefined as ClaimLimits | undefined,
    } = {},
  ): Promise<ExchangeReply | null> {
    const { id: worker, leaseMs } = this;
    return this.broker.exchange(this.partition, {
      worker,
      leaseMs,
      restMs,
      retention: RETENTION,
      outcomes,
      want,
      free,
      marks,
      probes,
      maxLost,
      agingMs,
      groupConcurrency,
      limits,
    });
  }

  /** In as many calls as it takes. @returns the ids that it was given */
  async claim(want: number): Promise<string[]> {
    const ids: string[] = [];
    let reply: ExchangeReply | null;
    do {
      reply = await this.exchange(want - ids.length);
      ids.push(...(reply?.claimed ?? []).map((text) => decodeEnvelope(text).id));
    } while (reply?.more && ids.length < want);
    return ids;
  }
}

export function completed(id: string, { result = '1', ttlMs = 3_600_000 } = {}): Outcome {
  return { kind: 'completed', id, result, ranMs: 5, ttlMs };
}

export function began(id: string): Outcome {
  return { kind: 'began', id, ranMs: 0 };
}
