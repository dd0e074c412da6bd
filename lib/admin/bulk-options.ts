import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { type Duration, parseDuration } from '../options/duration.js';
import { flag, object, oneOf, rule, type Rule } from '../options/option-rules.js';

/** What a bulk operation has done so far. */
export interface BulkProgress {
  /** How many tasks it was done to; of `obliterate` how many keys are gone. */
  done: number;
  /** How many were meant but stay where they are: see `move`. */
  kept: number;
}

/** What every bulk operation takes. */
export interface BulkOptions {
  /** Only counts what would be done, and changes nothing. @default false */
  dryRun?: boolean | undefined;
  /** Ends it between two pages: it throws the reason of the signal, and what is done is done. */
  signal?: AbortSignal | undefined;
  /** Called after each page; a promise is waited for. What it throws ends the operation. */
  onProgress?: ((progress: BulkProgress) => void | Promise<void>) | undefined;
}

/** What a bulk operation has done, or would do. */
export interface BulkReport extends BulkProgress {
  queue: string;
  dryRun: boolean;
}

export interface DrainOptions extends BulkOptions {
  /** Also what waits for its time: scheduled tasks, and those that wait for their next attempt. @default false */
  scheduled?: boolean | undefined;
}

export interface ObliterateOptions extends BulkOptions {
  /** Also where workers are at it: what they run loses its lease. @default false */
  force?: boolean | undefined;
}

/** In which state tasks may be that are purged. */
export type PurgeState = 'completed' | 'failed' | 'cancelled' | 'waiting' | 'scheduled' | 'retrying';

/** In which state tasks may be that are moved. */
export type MoveState = 'waiting' | 'scheduled' | 'retrying' | 'failed';

/** Which tasks are moved: those to which all of this applies. */
export interface MoveFilter {
  /** The task's name. */
  name?: string | undefined;
  /** Text that stands in the task as it is kept: its id, its data as JSON, its options. */
  search?: string | undefined;
  /** Added so long ago, or longer. */
  olderThan?: Duration | undefined;
  /** @default whatever waits, for a worker or for its time */
  state?: MoveState | undefined;
}

/** The same for all, with every default filled in. */
export interface BulkRun {
  isDry: boolean;
  signal: AbortSignal | undefined;
  onProgress: (progress: BulkProgress) => void | Promise<void>;
}

const common = {
  dryRun: flag,
  signal: rule('an AbortSignal', (given) => (given instanceof AbortSignal ? given : undefined)),
  onProgress: rule('a function', (given) =>
    typeof given === 'function' ? (given as NonNullable<BulkOptions['onProgress']>) : undefined,
  ),
};
const bulkRule = object(common);
const drainRule = object({ ...common, scheduled: flag });
const obliterateRule = object({ ...common, force: flag });
const text = rule('text that is not empty', (given) => (typeof given === 'string' && given !== '' ? given : undefined));
const age = rule("milliseconds or text such as '7d'", (given) => parseDuration(given) ?? undefined);
const filterRule = object({
  name: text,
  search: text,
  olderThan: age,
  state: oneOf<MoveState>('waiting', 'scheduled', 'retrying', 'failed'),
});
const purgeRule = oneOf<PurgeState>('completed', 'failed', 'cancelled', 'waiting', 'scheduled', 'retrying');

/** @throws InvalidOptionsError */
export function checkBulk(options: BulkOptions): BulkRun {
  return runOf(checked(bulkRule, options));
}

/** @throws InvalidOptionsError */
export function checkDrain(options: DrainOptions): BulkRun & { scheduled: boolean } {
  const given = checked(drainRule, options);
  return { ...runOf(given), scheduled: given.scheduled ?? false };
}

/** @throws InvalidOptionsError */
export function checkObliterate(options: ObliterateOptions): BulkRun & { force: boolean } {
  const given = checked(obliterateRule, options);
  return { ...runOf(given), force: given.force ?? false };
}

/** @throws InvalidOptionsError */
export function checkPurge(state: PurgeState, olderThan: Duration): { state: PurgeState; ageMs: number } {
  const problems: OptionProblem[] = [];
  purgeRule(state ?? null, 'state', problems);
  const ageMs = age(olderThan ?? null, 'olderThan', problems);
  if (problems.length > 0 || ageMs === undefined) throw new InvalidOptionsError(problems);
  return { state, ageMs };
}

/** @throws InvalidOptionsError */
export function checkMoveFilter(
  filter: MoveFilter,
): Omit<MoveFilter, 'olderThan'> & { olderThan?: number | undefined } {
  return checked(filterRule, filter);
}

function checked<T>(options: Rule<T>, given: unknown): T {
  const problems: OptionProblem[] = [];
  const read = options(given ?? null, '', problems);
  if (problems.length > 0 || read === undefined) throw new InvalidOptionsError(problems);
  return read;
}

function runOf({ dryRun = false, signal, onProgress = () => undefined }: BulkOptions): BulkRun {
  return { isDry: dryRun, signal, onProgress };
}
