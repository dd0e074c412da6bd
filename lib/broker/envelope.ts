/**
 * A task as it stands in Redis: one JSON object whose first members are `id` and `attempt`, followed by `lost` and
 * `missed` where they are not 0. Scripts read and rewrite this head as text and never decode what follows it.
 *
 *     {"id":"01J…","attempt":0,"name":"email.send","data":{…}}
 */
export interface Envelope {
  id: string;
  /** How many attempts were begun before; the next one is `attempt + 1`. */
  attempt: number;
  /** How often it came into a worker that had no handler for it. */
  missed: number;
  name: string;
  data: unknown;
}

export function encodeEnvelope(id: string, name: string, dataJson: string): string {
  return `{"id":${JSON.stringify(id)},"attempt":0,"name":${JSON.stringify(name)},"data":${dataJson}}`;
}

const HEAD = /^\{"id":"((?:[^"\\]|\\.)*)","attempt":(\d+)(?:,"lost":\d+)?(?:,"missed":(\d+))?/;

/**
 * The id that a script wrote or accepted: it can be read even where the rest of the envelope is broken.
 * @throws Error if there is no head; no envelope leaves a script without one.
 */
export function envelopeId(text: string): string {
  const [, rawId] = HEAD.exec(text) ?? [];
  if (rawId === undefined) throw new Error(`An envelope without a head: ${text.slice(0, 80)}`);
  return unescapeId(rawId);
}

/**
 * The head wins over members of the same name further on, which an adopted envelope may have.
 * @returns `null` if the text is no JSON object with a name.
 */
export function decodeEnvelope(text: string): Envelope | null {
  const [, rawId, attempt, missed] = HEAD.exec(text) ?? [];
  if (rawId === undefined) return null;
  let body: { name?: unknown; data?: unknown };
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return null;
  }
  if (typeof body.name !== 'string' || body.name === '') return null;
  return {
    id: unescapeId(rawId),
    attempt: Number(attempt),
    missed: Number(missed ?? 0),
    name: body.name,
    data: body.data ?? null,
  };
}

function unescapeId(rawId: string): string {
  return rawId.includes('\\') ? (JSON.parse(`"${rawId}"`) as string) : rawId;
}
