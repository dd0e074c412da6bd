import type { ServerFacts } from '../../broker/broker-observer.js';
import type { TaskBroker } from '../../broker/task-broker.js';
import { type Finding, ok, problem, type Check, warning } from './finding.js';

const NEARLY_FULL = 0.8;
const CLOCK_TOLERANCE_MS = 1_000;
const PROBES = 50;
const SLOW_MS = 5;

/** What the server says of itself. */
export const checkServer: Check = async ({ broker }) => {
  const before = Date.now();
  const facts = await broker.describe();
  if (!facts) return [warning('server', 'this user may not ask Redis for its version and settings (INFO)')];
  const clock = clockOf(facts, before, Date.now());
  return [versionOf(facts), evictionOf(facts), persistenceOf(facts), memoryOf(facts), clock].filter(
    (one) => one !== null,
  );
};

/** How long it takes to ask whether a task could be added. */
export const checkLatency: Check = async ({ broker }) => {
  const times: number[] = [];
  for (let probe = 0; probe < PROBES; probe++) times.push(await timeOf(broker));
  times.sort((one, other) => one - other);
  const [median = 0, longest = 0] = [times[PROBES >> 1], times.at(-1)];
  const text = `${median.toFixed(1)} ms at the median of ${PROBES}, ${longest.toFixed(1)} ms at most`;
  return [median > SLOW_MS ? warning('latency', `${text}: each call of a worker takes so long`) : ok('latency', text)];
};

async function timeOf(broker: TaskBroker): Promise<number> {
  const begun = performance.now();
  await broker.probe();
  return performance.now() - begun;
}

function versionOf({ version, isRecentEnough }: ServerFacts): Finding {
  const text = version ?? 'unknown';
  return isRecentEnough ? ok('version', text) : problem('version', `${text}; tasks need Redis 6.2 or newer`);
}

function evictionOf({ evictionPolicy }: ServerFacts): Finding | null {
  if (evictionPolicy === null) return null;
  if (evictionPolicy === 'noeviction') return ok('eviction', evictionPolicy);
  return problem('eviction', `${evictionPolicy} removes keys, and tasks with them: set maxmemory-policy to noeviction`);
}

function persistenceOf({ isAppendOnly, isSaving }: ServerFacts): Finding | null {
  if (isSaving === false) return problem('persistence', 'the last attempt to write data to disk failed');
  if (isAppendOnly === null) return null;
  if (isAppendOnly) return ok('persistence', 'append-only file');
  return warning('persistence', 'no append-only file: a crash loses what came since the last snapshot, or everything');
}

function memoryOf({ usedBytes, maxBytes }: ServerFacts): Finding | null {
  if (usedBytes === null) return null;
  const used = megabytes(usedBytes);
  if (!maxBytes) return ok('memory', `${used}, no limit`);
  const text = `${used} of ${megabytes(maxBytes)}`;
  return usedBytes > maxBytes * NEARLY_FULL
    ? warning('memory', `${text}: when it is full, adding fails`)
    : ok('memory', text);
}

/** Within the time that the question took the two cannot be told apart. */
function clockOf({ timeMs }: ServerFacts, before: number, after: number): Finding | null {
  if (timeMs === null) return null;
  const offMs = Math.round(timeMs < before ? timeMs - before : Math.max(0, timeMs - after));
  const text = offMs === 0 ? 'as here' : `${Math.abs(offMs)} ms ${offMs > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(offMs) <= CLOCK_TOLERANCE_MS) return ok('clock', text);
  return warning('clock', `Redis is ${text}: times are Redis's, so runAt seems to be off by as much`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
