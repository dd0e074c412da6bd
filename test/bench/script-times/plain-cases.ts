import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import type { PlainInlet } from '../../../lib/broker/plain-store.js';
import { MAX_BATCH } from '../../../lib/consumer/exchange-plan.js';
import { TASK_NAME } from '../task-data.js';
import type { ScriptCase } from './script-case.js';
import type { Stage } from './stage.js';

/** As many as one call adopts. */
const PAGE = 50;
const ttlMs = 3_600_000;

/** A plain list with so many elements of 200 bytes that name their ids. */
async function plainList(stage: Stage, count: number): Promise<PlainInlet> {
  const list = `plain:${stage.partition}`;
  const inlet = stage.broker.plain.open(stage.partition, {
    list,
    task: TASK_NAME,
    priority: 0,
    expiresInMs: undefined,
    withStatus: true,
    deadLetterTtlMs: ttlMs,
    statusPrefix: `${list}:`,
    idField: 'id',
    endedTtlMs: ttlMs,
    failedTtlMs: ttlMs,
  });
  for (const id of stage.newIds(count)) {
    await stage.redis.lpush(list, JSON.stringify({ id, text: 'x'.repeat(150) }));
  }
  return inlet;
}

export const plainCases: ScriptCase[] = [
  {
    name: 'adopt: a page of a plain list',
    async prepare(stage, calls) {
      const inlet = await plainList(stage, PAGE * calls);
      return async () => inlet.adopt();
    },
  },
  {
    name: 'exchange: completed, of a plain list',
    async prepare(stage, calls) {
      const inlet = await plainList(stage, MAX_BATCH * calls);
      while ((await inlet.adopt()).more);
      const held: string[][] = [];
      for (let n = 0; n < calls; n++) {
        await stage.broker.join(stage.partition, `w${n}`, ttlMs);
        const ids: string[] = [];
        while (ids.length < MAX_BATCH) {
          const reply = await stage.exchange({ worker: `w${n}`, want: MAX_BATCH - ids.length });
          ids.push(...(reply?.claimed ?? []).map((text) => decodeEnvelope(text).id));
        }
        held.push(ids);
      }
      return async (n) =>
        stage.exchange({
          worker: `w${n}`,
          outcomes: (held[n] ?? []).map((id) => ({ kind: 'completed', id, result: '{"n":1}', ranMs: 5, ttlMs })),
        });
    },
  },
];
