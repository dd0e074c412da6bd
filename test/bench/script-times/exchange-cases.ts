import type { ClaimLimits } from '../../../lib/broker/claim-limits.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { MAX_BATCH } from '../../../lib/consumer/exchange-plan.js';
import { PendingOutcomes } from '../../../lib/consumer/pending-outcomes.js';
import { TASK_NAME } from '../task-data.js';
import type { ScriptCase } from './script-case.js';
import { ERROR, type Stage } from './stage.js';

interface ExchangeCase {
  name: string;
  /** What became of each of the tasks that the worker holds. */
  outcomeOf?: (id: string) => Outcome;
  /** Whether all of them report their progress, too. */
  progresses?: boolean;
  /** How many lines each of them logs, and how long these are. */
  logs?: { lines: number; chars: number };
  wereTried?: boolean;
  /** Each of those tasks holds a key. */
  haveKeys?: boolean;
  /** More tasks are due than one call promotes. */
  promotes?: boolean;
  /** What waits for the worker, if it claims. */
  waiting?: 'new' | 'tried' | 'foreign' | 'malformed' | 'cancelled' | 'with keys';
  limits?: ClaimLimits;
}

const ttlMs = 3_600_000;
const completed = (id: string): Outcome => ({ kind: 'completed', id, result: '{"n":1}', ranMs: 5, ttlMs });
const unmarked = (id: string): Outcome => ({ ...completed(id), ranMs: 0, name: TASK_NAME }) as Outcome;
const notKept = (id: string): Outcome => ({ ...completed(id), ttlMs: 0 }) as Outcome;
const retrying = (id: string): Outcome => ({ kind: 'retrying', id, error: ERROR, ranMs: 5, delayMs: ttlMs });
const failed = (id: string): Outcome => ({ kind: 'failed', id, error: ERROR, ranMs: 5, ttlMs });
const ended =
  (kind: 'cancelled' | 'expired') =>
  (id: string): Outcome => ({ kind, id, reason: 'cancelled', ttlMs });
const delayed =
  (kind: 'snoozed' | 'deferred') =>
  (id: string): Outcome => ({ kind, id, delayMs: ttlMs });
/** As long runs differ: each is a group of its own. */
const varied = (id: string): Outcome => ({ ...completed(id), ranMs: Number(id) % 1_000 }) as Outcome;

const AMPLE = { max: 10_000, perMs: ttlMs };
const SCARCE = { max: 1, perMs: ttlMs };

const cases: ExchangeCase[] = [
  { name: 'claims', waiting: 'new' },
  { name: 'claims tried ones', waiting: 'tried' },
  { name: 'claims ones with keys', waiting: 'with keys' },
  { name: 'claims foreign ones', waiting: 'foreign' },
  {
    name: 'claims within limits',
    waiting: 'new',
    limits: { rate: AMPLE, globalConcurrency: 1_000_000, names: { [TASK_NAME]: AMPLE } },
  },
  { name: 'lets wait what is over the rate of its name', waiting: 'new', limits: { names: { [TASK_NAME]: SCARCE } } },
  {
    name: 'claims tried ones within the rate of their name',
    waiting: 'tried',
    limits: { names: { [TASK_NAME]: AMPLE } },
  },
  { name: 'buries malformed ones', waiting: 'malformed' },
  { name: 'drops cancelled ones, claims', waiting: 'cancelled' },
  { name: 'promotes', promotes: true },
  { name: 'completed', outcomeOf: completed },
  { name: 'completed, claims', outcomeOf: completed, waiting: 'new' },
  { name: 'completed in groups of one, claims', outcomeOf: varied, waiting: 'new' },
  { name: 'completed unmarked', outcomeOf: unmarked },
  { name: 'completed, with keys, claims such', outcomeOf: unmarked, haveKeys: true, waiting: 'with keys' },
  { name: 'began', outcomeOf: (id) => ({ kind: 'began', id, ranMs: 5 }) },
  { name: 'progress', progresses: true },
  { name: 'logged, one line each', logs: { lines: 1, chars: 100 } },
  { name: 'logged, many lines', logs: { lines: 999, chars: 250 } },
  { name: 'logged, long lines', logs: { lines: 130, chars: 2_000 } },
  { name: 'completed, not kept', outcomeOf: notKept },
  { name: 'completed, not kept, logged', outcomeOf: notKept, logs: { lines: 1, chars: 100 } },
  { name: 'retrying', outcomeOf: retrying, wereTried: true },
  { name: 'failed', outcomeOf: failed, wereTried: true },
  { name: 'cancelled', outcomeOf: ended('cancelled') },
  { name: 'expired', outcomeOf: ended('expired') },
  { name: 'snoozed', outcomeOf: delayed('snoozed') },
  { name: 'deferred', outcomeOf: delayed('deferred') },
  { name: 'released', outcomeOf: (id) => ({ kind: 'released', id, began: true }), wereTried: true },
  { name: 'retrying, promotes, claims', outcomeOf: retrying, wereTried: true, promotes: true, waiting: 'new' },
  {
    name: 'failed, progress, promotes, claims tried ones',
    outcomeOf: failed,
    progresses: true,
    wereTried: true,
    promotes: true,
    waiting: 'tried',
  },
  {
    name: 'completed, progress, promotes, claims tried ones',
    outcomeOf: completed,
    progresses: true,
    promotes: true,
    waiting: 'tried',
  },
];

export const exchangeCases = cases.map(
  ({
    name,
    outcomeOf,
    progresses,
    logs,
    wereTried = false,
    haveKeys = false,
    promotes,
    waiting,
    limits,
  }): ScriptCase => ({
    name: `exchange: ${name}`,
    async prepare(stage, calls) {
      const held: string[][] = [];
      const reports = outcomeOf !== undefined || progresses || logs;
      for (let n = 0; n < calls; n++) {
        held.push(await stage.hold(`w${n}`, reports ? MAX_BATCH : 0, { wereTried, haveKeys }));
      }
      if (promotes) await stage.due(MAX_BATCH * calls);
      if (waiting) await fill(stage, waiting, 2 * MAX_BATCH * calls);
      return async (n) => {
        const pending = new PendingOutcomes(() => undefined);
        for (const id of held[n] ?? []) {
          if (progresses) pending.interim.progressed(id, '50');
          for (let line = 1; line <= (logs?.lines ?? 0); line++) {
            pending.interim.logged(id, { at: Date.now(), attempt: 1, n: line, line: 'x'.repeat(logs?.chars ?? 0) });
          }
          if (outcomeOf) pending.add(outcomeOf(id));
        }
        await stage.exchange({
          worker: `w${n}`,
          want: waiting ? MAX_BATCH : 0,
          outcomes: pending.take(MAX_BATCH),
          limits,
        });
      };
    },
  }),
);

async function fill(stage: Stage, what: NonNullable<ExchangeCase['waiting']>, count: number): Promise<void> {
  const { redis, partition, broker } = stage;
  if (what === 'new' || what === 'tried') {
    await stage.wait(count, { wereTried: what === 'tried' });
  } else if (what === 'with keys') {
    await stage.waitWithKeys(count);
  } else if (what === 'cancelled') {
    for (const id of await stage.wait(count)) await broker.steering.cancel(partition, id, 'cancelled', ttlMs);
    await stage.wait(count);
  } else {
    for (const id of stage.newIds(count)) {
      const envelope = stage.envelope(id);
      await redis.lpush(
        stage.key('queue'),
        what === 'foreign' ? envelope.replace(/"id".*"name"/, '"name"') : envelope.slice(1),
      );
    }
  }
}
