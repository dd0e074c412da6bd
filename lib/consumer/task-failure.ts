import { inspect } from 'node:util';
import { InvalidTaskDataError } from '../errors/index.js';

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

/** How much of what was thrown is shown. */
interface Show {
  /** Of what is no error. */
  value: (value: unknown) => string;
  /** Of what an error says: its message, or its stack, which begins with that. */
  text: (error: Error, text: string) => string;
}

const WHOLE: Show = { value: showWhole, text: (_error, text) => text };
const WITHOUT_DATA: Show = { value: showWithoutContent, text: withoutIssues };

/** Never throws, whatever was thrown: getters that throw, revoked proxies, cycles. */
export function describeFailure(thrown: unknown, show: Show = WHOLE): DescribedFailure {
  try {
    if (!(thrown instanceof Error)) return { name: 'NonError', message: cut(show.value(thrown), MAX_MESSAGE) };
  } catch {
    return { name: 'NonError', message: 'a value that cannot be looked at' };
  }
  const read = (key: 'name' | 'message' | 'stack'): string => {
    try {
      return show.text(thrown, String(thrown[key] ?? ''));
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

/**
 * As the log is to have it. What is no error may be the data of the task, and what a schema finds may contain them, which are not for
 * the log: a status tells what it was.
 */
export function describeForLog(thrown: unknown): DescribedFailure {
  return describeFailure(thrown, WITHOUT_DATA);
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
  return thrown instanceof Error ? `${thrown.name}: ${show.text(thrown, thrown.message)}` : show.value(thrown);
}

/** A failure on one line. */
export function showFailure({ name, message }: DescribedFailure): string {
  return name === 'NonError' ? message : `${name}: ${message}`;
}

/** Anything that was thrown, on one line. */
export function showError(thrown: unknown): string {
  return showFailure(describeFailure(thrown));
}

/** The same for the log. */
export function showForLog(thrown: unknown): string {
  return showFailure(describeForLog(thrown));
}

function showWhole(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2 });
}

function showWithoutContent(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object that is no error' : showWhole(value);
}

function withoutIssues(error: Error, text: string): string {
  const invalid = [error, error.cause].find((each) => each instanceof InvalidTaskDataError);
  return invalid ? text.replaceAll(invalid.message, () => invalid.messageWithoutData) : text;
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
