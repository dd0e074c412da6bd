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

/** Never throws, whatever was thrown: getters that throw, revoked proxies, cycles. */
export function describeFailure(thrown: unknown): DescribedFailure {
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
    message: cut(`${read('message')}${within(thrown)}`, MAX_MESSAGE),
    stack: cut(read('stack'), MAX_STACK) + causeOf(thrown),
  };
}

/** What an AggregateError is made of. */
function within(error: Error): string {
  try {
    const errors = error instanceof AggregateError ? error.errors : [];
    if (errors.length === 0) return '';
    const more = errors.length > MAX_ERRORS ? ', …' : '';
    return ` [${errors.slice(0, MAX_ERRORS).map(showBriefly).join(', ')}${more}]`;
  } catch {
    return '';
  }
}

function causeOf(error: Error): string {
  try {
    return error.cause === undefined ? '' : cut(`\nCaused by ${showBriefly(error.cause)}`, MAX_MESSAGE);
  } catch {
    return '';
  }
}

/** Not what it is made of or caused by in turn: errors may go in circles. */
function showBriefly(thrown: unknown): string {
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

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2 });
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
