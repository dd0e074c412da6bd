import { InvalidTaskError } from '../errors/index.js';

export const QUEUE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

const MAX_BYTES = 256;
const CONTROL_CHARACTERS = /\p{Cc}/u;

/** @throws InvalidTaskError `INVALID_NAME` */
export function checkTaskName(name: unknown): asserts name is string {
  if (!isTaskName(name)) throw new InvalidTaskError('INVALID_NAME', name);
}

export function isTaskName(name: unknown): name is string {
  return isShortText(name) && !CONTROL_CHARACTERS.test(name);
}

/** @throws InvalidTaskError `INVALID_QUEUE` */
export function checkQueueName(queue: unknown): asserts queue is string {
  if (typeof queue !== 'string' || !QUEUE_NAME.test(queue)) throw new InvalidTaskError('INVALID_QUEUE', queue);
}

/** Without quotes and backslashes a group is the same in JSON, which scripts do not decode. */
export function isGroupName(group: unknown): group is string {
  return isTaskName(group) && !/["\\]/.test(group);
}

/** @throws InvalidTaskError `INVALID_ID` */
export function checkTaskId(id: unknown): asserts id is string {
  if (!isShortText(id)) throw new InvalidTaskError('INVALID_ID', id);
}

/** Text of 1 to 256 bytes that UTF-8 can carry: half a surrogate pair would come back as another id. */
function isShortText(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_BYTES) return false;
  return value.isWellFormed() && (value.length * 3 <= MAX_BYTES || Buffer.byteLength(value) <= MAX_BYTES);
}
