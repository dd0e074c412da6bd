import { showError } from './task-failure.js';

/** What a status keeps of a return value: its JSON, nothing for `undefined`, or why it cannot be kept. */
export type EncodedResult = { result: string | undefined } | { unrecorded: string };

export function encodeResult(value: unknown, maxBytes: number): EncodedResult {
  if (value === undefined) return { result: undefined };
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    return { unrecorded: `the result cannot be carried as JSON (${showError(error)})` };
  }
  if (json === undefined) return { unrecorded: `a ${typeof value} cannot be carried as JSON` };
  const bytes = json.length * 3 <= maxBytes ? 0 : Buffer.byteLength(json);
  if (bytes > maxBytes) return { unrecorded: `the result takes ${bytes} bytes, maxResultBytes allows ${maxBytes}` };
  return { result: json };
}
