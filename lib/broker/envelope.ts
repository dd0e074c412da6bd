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
  /** `null` where the text is no JSON object with a name behind its head: nothing can run it. */
  name: string | null;
  data: unknown;
}

export function encodeEnvelope(id: string, name: string, dataJson: string): string {
  return `{"id":${JSON.stringify(id)},"attempt":0,"name":${JSON.stringify(name)},"data":${dataJson}}`;
}

const HEAD = /^\{"id":"((?:[^"\\]|\\.)+)","attempt":(\d+)(?:,"lost":\d+)?(?:,"missed":(\d+))?/;

/**
 * Reads what a worker holds. The head wins over members of the same name further on, which an adopted envelope may have.
 * @throws Error without such a head, which scripts see to
 */
export function decodeEnvelope(text: string): Envelope {
  const [, rawId, attempt, missed] = HEAD.exec(text) ?? [];
  if (rawId === undefined) throw new Error(`Not the envelope of a claimed task: ${text.slice(0, 80)}`);
  const id = rawId.includes('\\') ? (JSON.parse(`"${rawId}"`) as string) : rawId;
  const { name, data } = parseBody(text);
  return { id, attempt: Number(attempt), missed: Number(missed ?? 0), name, data };
}

function parseBody(text: string): Pick<Envelope, 'name' | 'data'> {
  try {
    const { name, data } = JSON.parse(text) as { name?: unknown; data?: unknown };
    if (typeof name === 'string' && name !== '') return { name, data: data ?? null };
  } catch {
    // The worker that asked tells of it.
  }
  return { name: null, data: null };
}
