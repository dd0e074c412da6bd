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

const HEAD = /^\{"id":"(?:[^"\\]|\\.)*","attempt":(\d+)(?:,"lost":\d+)?(?:,"missed":(\d+))?/;

/**
 * The head wins over members of the same name further on, which an adopted envelope may have.
 * @param id as the script read it
 * @returns `null` if the text is no JSON object with a name
 */
export function decodeEnvelope(id: string, text: string): Envelope | null {
  const [head, attempt, missed] = HEAD.exec(text) ?? [];
  if (head === undefined) return null;
  let body: { name?: unknown; data?: unknown };
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    return null;
  }
  if (typeof body.name !== 'string' || body.name === '') return null;
  return { id, attempt: Number(attempt), missed: Number(missed ?? 0), name: body.name, data: body.data ?? null };
}
