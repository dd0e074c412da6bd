import { inspect } from 'node:util';

/** A value as it stands in an error message: on one line, cut when long, and never a reason to throw again. */
export function showValue(value: unknown): string {
  try {
    const text = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 5 });
    return text.length > 120 ? `${text.slice(0, 117)}...` : text;
  } catch {
    return `a value of type ${typeof value} that cannot be shown`;
  }
}
