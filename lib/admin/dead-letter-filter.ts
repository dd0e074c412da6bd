import type { DeadLetter } from '../broker/task-steering.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer, object, rule } from '../options/option-rules.js';

/** Which dead letters are meant: those to which all of this applies. */
export interface DeadLetterFilter {
  /** The task's name. */
  name?: string | undefined;
  /** The name of the error that it died of: `SmtpError`, `lost too often`, `malformed`. */
  error?: string | undefined;
  /** Died at this time or later. */
  since?: Date | undefined;
  /** Died at this time or earlier. */
  until?: Date | undefined;
}

export interface RetryAllOptions {
  /** How many are put back per second, so that what they depend on is not overrun. @default no limit */
  rate?: number | undefined;
}

const text = rule('text', (given) => (typeof given === 'string' ? given : undefined));
const date = rule('a Date', (given) =>
  given instanceof Date && !Number.isNaN(given.getTime()) ? given.getTime() : undefined,
);
const filterRule = object({ name: text, error: text, since: date, until: date });
const optionsRule = object({ rate: integer(1, 1_000_000) });

/** @throws InvalidOptionsError */
export function deadLetterFilter(filter: DeadLetterFilter): (letter: DeadLetter) => boolean {
  const problems: OptionProblem[] = [];
  const { name, error, since = -Infinity, until = Infinity } = filterRule(filter, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return (letter) =>
    letter.diedAt >= since &&
    letter.diedAt <= until &&
    (name === undefined || letter.name === name) &&
    (error === undefined || errorName(letter) === error);
}

/** @returns how many per second, `Infinity` for no limit. @throws InvalidOptionsError */
export function checkRate(options: RetryAllOptions): number {
  const problems: OptionProblem[] = [];
  const { rate = Infinity } = optionsRule(options, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return rate;
}

function errorName({ error }: DeadLetter): unknown {
  try {
    return (JSON.parse(error ?? 'null') as { name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}
