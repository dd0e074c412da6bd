import { showValue } from '../errors/show-value.js';

const MAX_CHARS = 2_000;

/** What a handler logs, as it is kept: cut when long. A log is no reason to fail, so what is no text is shown as text. */
export function logText(logged: unknown): string {
  const text = typeof logged === 'string' ? logged : showValue(logged);
  if (text.length <= MAX_CHARS) return text.toWellFormed();
  // Half a surrogate pair is no character.
  const start = text.slice(0, MAX_CHARS - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${start.toWellFormed()}…`;
}
