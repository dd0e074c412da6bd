import { inspect } from 'node:util';

const MAX_NAME = 200;
const MAX_MESSAGE = 2_000;
const MAX_STACK = 4_000;
const MAX_ERRORS = 5;

/** Anything that was thrown, as a status keeps it: each part of bounded length. */
export interface DescribedFailure {
  name: string;
  message: string;
  stack?: string;
}

type Show = (value: unknown) => string;

/** Never throws, whatever was thrown: getters that throw, revoked proxies, cycles. */
export function describeFailure(thrown: unknown, show: Show = showWhole): DescribedFailure {
  try {
    if (!(thrown instanceof Error)) return { name: 'NonError', message: cut(show(thrown), MAX_MESSAGE) };
  } catch {
    return { name: 'NonError', message: 'a value that cannot be looked at' };
  }
  const read = (key: 'name' | 'message' | 'stack'): string => {
    try {
      return String(thrown[key] ?? '');
    } catch {
      return '(unreadable)';
    }
  };
  return {
    name: cut(read('name'), MAX_NAME),
    message: cut(`${read('message')}${within(thrown, show)}`, MAX_MESSAGE),
    stack: cut(read('stack'), MAX_STACK) + causeOf(thrown, show),
  };
}

/** As the log is to have it. What is no error may be the data of the task, which are not for the log: a status tells what it was. */
export function describeForLog(thrown: unknown): DescribedFailure {
  return describeFailure(thrown, showWithoutContent);
}

/** What an AggregateError is made of. */
function within(error: Error, show: Show): string {
  try {
    const errors = error instanceof AggregateError ? error.errors : [];
    if (errors.length === 0) return '';
    const more = errors.length > MAX_ERRORS ? ', …' : '';
    return ` [${errors
      .slice(0, MAX_ERRORS)
      .map((each) => showBriefly(each, show))
      .join(', ')}${more}]`;
  } catch {
    return '';
  }
}

function causeOf(error: Error, show: Show): string {
  try {
    return error.cause === undefined ? '' : cut(`\nCaused by ${showBriefly(error.cause, show)}`, MAX_MESSAGE);
  } catch {
    return '';
  }
}

/** Not what it is made of or caused by in turn: errors may go in circles. */
function showBriefly(thrown: unknown, show: Show): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : show(thrown);
}

/** A failure on one line. */
export function showFailure({ name, message }: DescribedFailure): string {
  return name === 'NonError' ? message : `${name}: ${message}`;
}

/** Anything that was thrown, on one line. */
export function showError(thrown: unknown): string {
  return showFailure(describeFailure(thrown));
}

function showWhole(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2 });
}

function showWithoutContent(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object that is no error' : showWhole(value);
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
