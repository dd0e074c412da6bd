import { DataTooLargeError, InvalidDataError } from '../errors/index.js';

/** @throws InvalidDataError, DataTooLargeError */
export function encodeData(taskName: string, data: unknown, maxBytes: number): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data === undefined ? null : data);
  } catch (error) {
    throw new InvalidDataError(`The data of task "${taskName}"`, error);
  }
  if (json === undefined) throw new InvalidDataError(`The data of task "${taskName}" (a ${typeof data})`);
  // A UTF-16 unit takes at most 3 bytes, so most data need not be measured.
  if (json.length * 3 > maxBytes) {
    const bytes = Buffer.byteLength(json);
    if (bytes > maxBytes) throw new DataTooLargeError(`The data of task "${taskName}"`, bytes, maxBytes);
  }
  return json;
}

/** @throws InvalidDataError, DataTooLargeError */
export function checkPlainValue(list: string, value: unknown, maxBytes: number): asserts value is string {
  const what = `What is pushed to list "${list}"`;
  if (typeof value !== 'string') throw new InvalidDataError(`${what} (a ${typeof value})`, undefined, 'text');
  if (!value.isWellFormed()) throw new InvalidDataError(`${what} (with half a surrogate pair)`, undefined, 'text');
  const bytes = Buffer.byteLength(value);
  if (bytes > maxBytes) throw new DataTooLargeError(what, bytes, maxBytes);
}
