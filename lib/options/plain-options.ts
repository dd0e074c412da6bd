import { isTaskName } from '../broker/names.js';
import { isOfLayout } from '../broker/redis/redis-keys.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from './duration.js';
import { duration, object, rule, type Rule } from './option-rules.js';

/** A list that scripts in any language push plain values to. Each element becomes a task. */
export interface PlainListOptions {
  /** The key of the list, in full: the module's `prefix` does not apply. */
  list: string;
  /** The name of the tasks; their data are the elements, as text. */
  task: string;
  /** Where they run. Processes that work on this queue take in the elements. @default as for `add`: that of the handler of `task` */
  queue?: string | undefined;
  /** What the keys begin with that hold the state of each task as one word, in full. @default 'task_status:' */
  statusPrefix?: string | undefined;
  /**
   * Of an element that is a JSON object, the member with the id that stands in the key of its status: text, or a whole number. Where
   * there is none it is the id of the task. @default 'id'
   */
  idField?: string | undefined;
}

/** Which plain statuses are meant. */
export interface PlainStatusOptions {
  /** What their keys begin with, in full. @default 'task_status:' */
  statusPrefix?: string | undefined;
}

/** `PlainListOptions` with every default filled in. */
export interface PlainList {
  list: string;
  task: string;
  queue: string | undefined;
  statusPrefix: string;
  idField: string;
}

const STATUS_PREFIX = 'task_status:';
const NOT_OURS = 'a name that is none of the keys of this module';

const text: Rule<string> = rule('text of 1 to 256 bytes without control characters', (given) =>
  isTaskName(given) ? given : undefined,
);

const statusRule = object({ statusPrefix: text });
const ttlRule = duration(1, '365d');

/** Rules of the options of a plain list that are names of others. */
export const plainNames = { list: text, statusPrefix: text, idField: text };

type Given = { [Name in keyof PlainListOptions]?: string | undefined };

/** @param given checked one by one @returns with every default filled in */
export function checkPlainLists(
  given: readonly (Given | undefined)[],
  prefix: string,
  problems: OptionProblem[],
): PlainList[] {
  const lists = given.map(({ list = '', task = '', queue, statusPrefix = STATUS_PREFIX, idField = 'id' } = {}) => {
    return { list, task, queue, statusPrefix, idField };
  });
  lists.forEach(({ list, statusPrefix }, row) => {
    const problem = (option: string, name: string, allowed: string): void => {
      problems.push({ option: `plain.${row}.${option}`, given: name, allowed });
    };
    if (isOfLayout(prefix, list)) problem('list', list, NOT_OURS);
    if (isOfLayout(prefix, statusPrefix)) problem('statusPrefix', statusPrefix, NOT_OURS);
    if (list !== '' && lists.findIndex((other) => other.list === list) < row) {
      problem('list', list, 'a list that no other entry names');
    }
  });
  return lists;
}

/** @throws InvalidOptionsError */
export function checkPlainList(given: unknown, prefix: string): string {
  const problems: OptionProblem[] = [];
  const list = text(given ?? null, 'list', problems);
  if (list !== undefined && isOfLayout(prefix, list)) problems.push({ option: 'list', given, allowed: NOT_OURS });
  if (problems.length > 0 || list === undefined) throw new InvalidOptionsError(problems);
  return list;
}

/** The key of a plain status. @param id checked by the caller @throws InvalidOptionsError */
export function plainStatusKey(id: string, options: PlainStatusOptions, prefix: string): string {
  const problems: OptionProblem[] = [];
  const { statusPrefix = STATUS_PREFIX } = statusRule(options ?? null, '', problems) ?? {};
  const key = statusPrefix + id;
  if (isOfLayout(prefix, key)) problems.push({ option: 'statusPrefix', given: key, allowed: NOT_OURS });
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return key;
}

/** @throws InvalidOptionsError */
export function checkPlainWord(word: unknown, ttl: Duration | undefined): { word: string; ttlMs: number | undefined } {
  const problems: OptionProblem[] = [];
  const checkedWord = text(word ?? null, 'word', problems);
  const ttlMs = ttlRule(ttl, 'ttl', problems);
  if (problems.length > 0 || checkedWord === undefined) throw new InvalidOptionsError(problems);
  return { word: checkedWord, ttlMs };
}
