/**
 * A task as it stands in Redis: one JSON object whose first members are `id` and `attempt`, followed by `lost`, `missed`
 * and `first` where there is something to say. Scripts read and rewrite this head as text and never decode what follows it.
 *
 *     {"id":"01J…","attempt":0,"name":"email.send","data":{…}}
 */
export interface Envelope {
  id: string;
  /** How many attempts were begun before; the next one is `attempt + 1`. */
  attempt: number;
  /** How many of these were lost with their workers; `undefined` where no worker died that held it, even before it began. */
  lost: number | undefined;
  /** How often it came into a worker that had no handler for it. */
  missed: number;
  /** When its first attempt began, in ms by Redis's clock, if that one failed. */
  first: number | undefined;
  /** `null` where the text is no JSON object with a name behind its head: nothing can run it. */
  name: string | null;
  data: unknown;
  /** What it says of how it is to be worked on, unchecked: anybody may have written it. */
  options: EnvelopeOptions | undefined;
}

/** Options that stand behind the data, where they were given. */
export interface EnvelopeOptions {
  attempts?: unknown;
  backoff?: unknown;
  retryFor?: unknown;
  timeout?: unknown;
  /** In ms by Redis's clock. */
  expiresAt?: unknown;
}

/** @param options those that were given with the task */
export function encodeEnvelope(id: string, name: string, dataJson: string, options?: EnvelopeOptions): string {
  const head = `{"id":${JSON.stringify(id)},"attempt":0,"name":${JSON.stringify(name)},"data":${dataJson}`;
  const tail = options ? JSON.stringify(options) : '{}';
  return tail === '{}' ? `${head}}` : `${head},${tail.slice(1)}`;
}

const HEAD = /^\{"id":"((?:[^"\\]|\\.)+)","attempt":(\d+)(?:,"lost":(\d+))?(?:,"missed":(\d+))?(?:,"first":(\d+))?/;

/**
 * Reads what a worker holds. The head wins over members of the same name further on, which an adopted envelope may have.
 * @throws Error without such a head, which scripts see to
 */
export function decodeEnvelope(text: string): Envelope {
  const [, rawId, attempt, lost, missed, first] = HEAD.exec(text) ?? [];
  if (rawId === undefined) throw new Error(`Not the envelope of a claimed task: ${text.slice(0, 80)}`);
  const id = rawId.includes('\\') ? (JSON.parse(`"${rawId}"`) as string) : rawId;
  return {
    id,
    attempt: Number(attempt),
    lost: lost === undefined ? undefined : Number(lost),
    missed: Number(missed ?? 0),
    first: first === undefined ? undefined : Number(first),
    ...parseBody(text),
  };
}

function parseBody(text: string): Pick<Envelope, 'name' | 'data' | 'options'> {
  try {
    const body = JSON.parse(text) as { name?: unknown; data?: unknown } & EnvelopeOptions;
    const { name, data } = body;
    if (typeof name === 'string' && name !== '') return { name, data: data ?? null, options: optionsIn(body) };
  } catch {
    // The worker that asked tells of it.
  }
  return { name: null, data: null, options: undefined };
}

const OPTION_NAMES = ['attempts', 'backoff', 'retryFor', 'timeout', 'expiresAt'] as const;

function optionsIn(members: EnvelopeOptions): EnvelopeOptions | undefined {
  let options: EnvelopeOptions | undefined;
  for (const name of OPTION_NAMES) if (members[name] !== undefined) (options ??= {})[name] = members[name];
  return options;
}
