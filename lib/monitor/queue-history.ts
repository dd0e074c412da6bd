import { Figures } from '../broker/figures.js';
import { type Span, SPAN_MS } from '../broker/report-store.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { Histogram } from './histogram.js';

/** What was done in one minute or hour. */
export interface HistoryPoint {
  /** When it began. */
  at: Date;
  completed: number;
  /** They are dead letters. */
  failed: number;
  /** Failed, and to be tried again. */
  retried: number;
  cancelled: number;
  /** From when a task was added until its first run began. */
  waitTime: Histogram;
  /** How long handlers took. */
  runTime: Histogram;
}

/** Which minutes or hours are asked for, in ms. */
export interface HistoryRange {
  fromMs: number;
  toMs: number;
  span: Span;
}

const MAX_POINTS = 1_500;

/** @throws InvalidOptionsError */
export function historyRange(from: unknown, to: unknown, step: unknown): HistoryRange {
  const problems: OptionProblem[] = [];
  const time = (option: string, given: unknown): number => {
    const ms = given instanceof Date ? given.getTime() : NaN;
    if (Number.isNaN(ms)) problems.push({ option, given, allowed: 'a valid Date' });
    return ms;
  };
  const [fromMs, toMs] = [time('from', from), time('to', to)];
  if (step !== 'minute' && step !== 'hour') {
    problems.push({ option: 'step', given: step, allowed: "'minute' or 'hour'" });
    throw new InvalidOptionsError(problems);
  }
  const points = (toMs - fromMs) / SPAN_MS[step];
  if (points <= 0) problems.push({ option: 'to', given: to, allowed: 'a time behind `from`' });
  if (points > MAX_POINTS)
    problems.push({ option: 'from', given: from, allowed: `at most ${MAX_POINTS} steps before \`to\`` });
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { fromMs: Math.floor(fromMs / SPAN_MS[step]) * SPAN_MS[step], toMs, span: step };
}

/** One for each minute or hour, whether there is anything to tell of it or not. */
export function historyPoints(
  { fromMs, toMs, span }: HistoryRange,
  found: ReadonlyMap<number, Figures>,
): HistoryPoint[] {
  const points: HistoryPoint[] = [];
  for (let at = fromMs; at < toMs; at += SPAN_MS[span]) {
    const { completed, failed, retried, cancelled, waitTime, runTime } = found.get(at) ?? new Figures();
    const histograms = { waitTime: new Histogram(waitTime), runTime: new Histogram(runTime) };
    points.push({ at: new Date(at), completed, failed, retried, cancelled, ...histograms });
  }
  return points;
}
