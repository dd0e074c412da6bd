import { partitionOf } from '../../../lib/broker/partition.js';
import type { BulkAction, BulkFilter, BulkPlace } from '../../../lib/broker/queue-steering.js';
import type { ScriptCase } from './script-case.js';
import type { Stage } from './stage.js';

/** As many as one call deals with, or looks at. */
const TAKEN = 50;
const LOOKED_AT = 100;
const ttlMs = 3_600_000;

const list: BulkPlace = { kind: 'list', list: '' };
const end: BulkAction = { kind: 'end', reason: 'drained', ttlMs };
const move: BulkAction = { kind: 'move', to: partitionOf('another'), ttlMs, withStatus: true };

function walkCase(
  name: string,
  place: BulkPlace,
  action: BulkAction,
  filter: BulkFilter,
  prepare: (stage: Stage, calls: number) => Promise<unknown>,
): ScriptCase {
  return {
    name: `bulk: ${name}`,
    async prepare(stage, calls) {
      await prepare(stage, calls);
      const walk = { place, action, filter, isDry: false };
      let cursor: string | null = null;
      return async () => {
        cursor = (await stage.broker.queues.walk(stage.partition, walk, cursor)).next;
      };
    },
  };
}

export const bulkCases: readonly ScriptCase[] = [
  walkCase('end what waits', list, end, {}, async (stage, calls) => stage.wait(TAKEN * (calls + 1))),
  walkCase('move what waits', list, move, {}, async (stage, calls) => stage.wait(TAKEN * (calls + 1))),
  walkCase('move what was tried', list, move, {}, async (stage, calls) =>
    stage.wait(TAKEN * (calls + 1), { wereTried: true }),
  ),
  walkCase('look for what is old', list, end, { addedUntilMs: 1 }, async (stage, calls) =>
    stage.wait(LOOKED_AT * (calls + 1)),
  ),
  walkCase('end what is scheduled', { kind: 'scheduled' }, end, {}, async (stage, calls) =>
    stage.due(TAKEN * (calls + 1)),
  ),
  walkCase('move what is scheduled', { kind: 'scheduled' }, move, {}, async (stage, calls) =>
    stage.due(TAKEN * (calls + 1)),
  ),
  {
    name: 'bulk: purge dead letters',
    async prepare(stage, calls) {
      await stage.bury(TAKEN * (calls + 1));
      const walk = { state: 'failed', endedUntilMs: Number.MAX_SAFE_INTEGER, isDry: false } as const;
      return async () => stage.broker.queues.purge(stage.partition, walk, null);
    },
  },
];
