import { inspect } from 'node:util';

const MAX_NAME = 200;
const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;

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
    message: cut(read('message'), MAX_MESSAGE),
    stack: cut(read('stack'), MAX_STACK),
  };
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
