import { InvalidCursorError } from '../../../errors/index.js';

type Part = string | number;

/** What a position is made of: of each part an example, whose type counts. @throws InvalidCursorError */
export function readPosition<Parts extends readonly Part[]>(position: string, like: Parts): Parts {
  const parts = parse(position);
  const isOne =
    Array.isArray(parts) && parts.length === like.length && parts.every((part, at) => isLike(part, like[at]));
  if (!isOne) throw new InvalidCursorError(position);
  return parts as unknown as Parts;
}

export function writePosition(...parts: readonly Part[]): () => string {
  return () => JSON.stringify(parts);
}

function isLike(part: unknown, like: Part | undefined): boolean {
  return typeof like === 'number' ? Number.isSafeInteger(part) && (part as number) >= 0 : typeof part === typeof like;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
