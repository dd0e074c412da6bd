import { InvalidCursorError } from '../errors/index.js';
import type { TaskState } from '../broker/task-state.js';

/** Of cursors: one of another version is none. */
const VERSION = 1;

/** What a cursor belongs to. */
export interface CursorPlace {
  queue: string;
  state: TaskState;
}

/** Opaque text that stands for a position. */
export function encodeCursor({ queue, state }: CursorPlace, position: string): string {
  return Buffer.from(JSON.stringify([VERSION, queue, state, position])).toString('base64url');
}

/** @returns the position, `null` without a cursor. @throws InvalidCursorError */
export function decodeCursor(place: CursorPlace, cursor: unknown): string | null {
  if (cursor === undefined || cursor === null) return null;
  const position = typeof cursor === 'string' ? positionIn(cursor) : undefined;
  // Whatever differs in anything was not answered for this place, nor as it is.
  if (typeof position !== 'string' || encodeCursor(place, position) !== cursor) throw new InvalidCursorError(cursor);
  return position;
}

function positionIn(cursor: string): unknown {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts[3] : undefined;
  } catch {
    return undefined;
  }
}
