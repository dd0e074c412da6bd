import type { OptionProblem } from '../errors/index.js';
import { parseDuration, type Duration } from './duration.js';

/**
 * A rule reads one option: it returns the value as the library uses it, or `undefined` where the option is absent
 * or wrong. What is wrong is entered in `problems`, so that one error can name all of it.
 */
export type Rule<T> = (given: unknown, option: string, problems: OptionProblem[]) => T | undefined;

type Parsed<Shape extends Record<string, Rule<unknown>>> = {
  [Key in keyof Shape]?: Shape[Key] extends Rule<infer T> ? T | undefined : never;
};

/** A rule that accepts what `read` does not answer with `undefined`. */
export function rule<T>(allowed: string, read: (given: unknown) => T | undefined): Rule<T> {
  return (given, option, problems) => {
    if (given === undefined) return undefined;
    const value = read(given);
    if (value === undefined) problems.push({ option, given, allowed });
    return value;
  };
}

export const integer = (min: number, max: number): Rule<number> =>
  rule(`a whole number from ${min} to ${max}`, (given) =>
    Number.isSafeInteger(given) && (given as number) >= min && (given as number) <= max ? (given as number) : undefined,
  );

export const number = (min: number, max: number): Rule<number> =>
  rule(`a number from ${min} to ${max}`, (given) =>
    typeof given === 'number' && given >= min && given <= max ? given : undefined,
  );

export const oneOf = <T extends string>(...values: readonly T[]): Rule<T> =>
  rule(values.map((value) => `'${value}'`).join(' or '), (given) => values.find((value) => value === given));

export const flag: Rule<boolean> = rule('true or false', (given) => (typeof given === 'boolean' ? given : undefined));

export const duration = (min: Duration, max: Duration): Rule<number> => {
  const [minMs, maxMs] = [parseDuration(min) ?? 0, parseDuration(max) ?? Infinity];
  return rule(`milliseconds or text such as '30s', from ${min} to ${max}`, (given) => {
    const ms = parseDuration(given);
    return ms !== null && ms >= minMs && ms <= maxMs ? ms : undefined;
  });
};

export const pattern = (expression: RegExp, allowed: string): Rule<string> =>
  rule(allowed, (given) => (typeof given === 'string' && expression.test(given) ? given : undefined));

/** An object with these options and no others: a misspelled option is an error, not a default. */
export const object =
  <Shape extends Record<string, Rule<unknown>>>(shape: Shape): Rule<Parsed<Shape>> =>
  (given, option, problems) => {
    if (given === undefined) return undefined;
    if (!isPlainObject(given)) {
      problems.push({ option: option || 'options', given, allowed: `an object with ${Object.keys(shape).join(', ')}` });
      return undefined;
    }
    const path = (key: string): string => (option ? `${option}.${key}` : key);
    for (const key of Object.keys(given).filter((key) => !Object.hasOwn(shape, key))) {
      problems.push({ option: path(key), given: given[key], allowed: `one of ${Object.keys(shape).join(', ')}` });
    }
    return Object.fromEntries(
      Object.entries(shape).map(([key, read]) => [key, read(given[key], path(key), problems)]),
    ) as Parsed<Shape>;
  };

/** What must not be left out. */
export const required =
  <T>(read: Rule<T>): Rule<T> =>
  (given, option, problems) =>
    read(given ?? null, option, problems);

/** An array of what `item` allows. */
export const arrayOf =
  <T>(item: Rule<T>): Rule<(T | undefined)[]> =>
  (given, option, problems) => {
    if (given === undefined) return undefined;
    if (Array.isArray(given)) return given.map((each, row) => required(item)(each, `${option}.${row}`, problems));
    problems.push({ option, given, allowed: 'an array' });
    return undefined;
  };

/** An object from names that match `key` to values that match `value`. */
export const record =
  <T>(key: Rule<string>, value: Rule<T>): Rule<Map<string, T>> =>
  (given, option, problems) => {
    if (given === undefined) return undefined;
    const entries = new Map<string, T>();
    if (!isPlainObject(given)) {
      problems.push({ option, given, allowed: 'an object from names to options' });
      return entries;
    }
    for (const [name, item] of Object.entries(given)) {
      key(name, `${option} (a name in it)`, problems);
      const parsed = value(item, `${option}.${name}`, problems);
      if (parsed !== undefined) entries.set(name, parsed);
    }
    return entries;
  };

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
