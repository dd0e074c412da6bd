import { inspect } from 'node:util';

const MAX_MESSAGE = 2_000;
const MAX_STACK = 8_000;

/** Anything that was thrown, as a status keeps it: JSON with name, message and stack, each of bounded length. */
export function encodeFailure(thrown: unknown): string {
  if (!(thrown instanceof Error)) return JSON.stringify({ name: 'NonError', message: cut(show(thrown), MAX_MESSAGE) });
  const read = (key: 'name' | 'message' | 'stack'): string => {
    try {
      return String(thrown[key] ?? '');
    } catch {
      return '(unreadable)';
    }
  };
  return JSON.stringify({
    name: cut(read('name'), 200),
    message: cut(read('message'), MAX_MESSAGE),
    stack: cut(read('stack'), MAX_STACK),
  });
}

/** Anything that was thrown, on one line. */
export function showError(thrown: unknown): string {
  const { name, message } = JSON.parse(encodeFailure(thrown)) as { name: string; message: string };
  return name === 'NonError' ? message : `${name}: ${message}`;
}

function show(value: unknown): string {
  try {
    return typeof value === 'string' ? value : inspect(value, { depth: 2 });
  } catch {
    return `a value of type ${typeof value} that cannot be shown`;
  }
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
