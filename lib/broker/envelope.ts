/**
 * A task as it stands in Redis: one JSON object whose first members are `id` and `attempt`, followed by `lost`, `missed`
 * and `first` where there is something to say, and `priority` or `group` where it has one. Scripts read and rewrite this head as text and never decode what follows it.
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
  group: string | undefined;
  /** It was put off: its id does not tell since when it waits for a worker. */
  isDelayed: boolean;
  /** `null` where the text is no JSON object with a name behind its head: nothing can run it. */
  name: string | null;
  data: unknown;
  /** What it says of how it is to be worked on, unchecked: anybody may have written it. */
  options: EnvelopeOptions | undefined;
  /** Where its trace goes on, unchecked as well. */
  trace: unknown;
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

/** What stands behind the data. */
export interface EnvelopeTail extends EnvelopeOptions {
  delayed?: true | undefined;
}

/** Where a task waits, if not in the queue itself. */
export interface EnvelopePlace {
  priority: number;
  /** Text that is the same in JSON; then the priority is 0. */
  group?: string | undefined;
}

export function encodeEnvelope(
  id: string,
  name: string,
  dataJson: string,
  tail?: EnvelopeTail,
  place?: EnvelopePlace,
): string {
  return `{"id":${quoted(id)},"attempt":0,${encodeBody(name, dataJson, tail, place)}`;
}

/** What stands behind the counters of an envelope, the closing brace included. */
export function encodeBody(name: string, dataJson: string, tail?: EnvelopeTail, place?: EnvelopePlace): string {
  const body = `${place ? encodePlace(place) : ''}"name":${quoted(name)},"data":${dataJson}`;
  const json = tail ? JSON.stringify(tail) : '{}';
  return json === '{}' ? `${body}}` : `${body},${json.slice(1)}`;
}

/** Enters where the trace of a task goes on, as JSON, behind all else that its envelope says. */
export function withTrace(envelope: string, traceJson: string): string {
  return `${envelope.slice(0, -1)},"trace":${traceJson}}`;
}

function encodePlace({ priority, group }: EnvelopePlace): string {
  if (group !== undefined) return `"group":${JSON.stringify(group)},`;
  return priority === 0 ? '' : `"priority":${priority},`;
}

/** Most ids and names are the same in JSON: to see that takes half as long as to write it. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[\w.:-]*$/;

const START = '{"id":"';
/** What follows the id of a task that was never tried. */
const UNTRIED = '","attempt":0,"name":';
const HEAD =
  /^\{"id":"((?:[^"\\]|\\.)+)","attempt":(\d+)(?:,"lost":(\d+))?(?:,"missed":(\d+))?(?:,"first":(\d+))?(?:,"group":"([^"\\]+)"|,"priority":(-?\d+))?/;

/** What an envelope says if it is JSON, whoever wrote it. */
type Body = { id?: unknown; name?: unknown; data?: unknown; delayed?: unknown; trace?: unknown } & EnvelopeOptions;

/**
 * Reads what a worker holds. The head wins over members of the same name further on, which an adopted envelope may have.
 * @throws Error without such a head, which scripts see to
 */
export function decodeEnvelope(text: string): Envelope {
  const body = parse(text);
  const { id, trace } = body;
  const name = typeof body.name === 'string' && body.name !== '' ? body.name : null;
  const data = name === null ? null : (body.data ?? null);
  const options = name === null ? undefined : optionsIn(body);
  const isDelayed = body.delayed === true;
  if (isUntried(text, id)) {
    return {
      id,
      attempt: 0,
      lost: undefined,
      missed: 0,
      first: undefined,
      group: undefined,
      isDelayed,
      name,
      data,
      options,
      trace,
    };
  }
  const [, rawId, attempt, lost, missed, first, group] = HEAD.exec(text) ?? [];
  if (rawId === undefined) throw new Error(`Not the envelope of a claimed task: ${text.slice(0, 80)}`);
  return {
    id: unescaped(rawId),
    attempt: Number(attempt),
    lost: lost === undefined ? undefined : Number(lost),
    missed: Number(missed ?? 0),
    first: first === undefined ? undefined : Number(first),
    group,
    isDelayed,
    name,
    data,
    options,
    trace,
  };
}

/** Whether the head has nothing but this id to tell: so it is with nearly all tasks, and to see that is quick. */
function isUntried(text: string, id: unknown): id is string {
  if (typeof id !== 'string' || id === '') return false;
  return (
    text.startsWith(START) && text.startsWith(id, START.length) && text.startsWith(UNTRIED, START.length + id.length)
  );
}

/** Nothing where it is no JSON object: the worker that asked tells of it. */
function parse(text: string): Body {
  try {
    return (JSON.parse(text) as Body | null) ?? {};
  } catch {
    return {};
  }
}

/** Most tasks have none. */
function optionsIn({ attempts, backoff, retryFor, timeout, expiresAt }: Body): EnvelopeOptions | undefined {
  const isPlain = attempts === undefined && backoff === undefined && retryFor === undefined;
  if (isPlain && timeout === undefined && expiresAt === undefined) return undefined;
  return { attempts, backoff, retryFor, timeout, expiresAt };
}

/** What can be told of anything that stands where tasks do, whoever wrote it. */
export interface StoredTask {
  /** `null` where it has no head (yet). */
  id: string | null;
  attempt: number;
  name: string | null;
  priority: number;
  group: string | null;
  /** Of what is no task the text itself. */
  data: unknown;
}

/** Reads what no worker has claimed, too. Never throws. */
export function readStored(text: string): StoredTask {
  const [, rawId, attempt = 0, , , , group = null, priority = 0] = HEAD.exec(text) ?? [];
  const body = parse(text);
  const name = typeof body.name === 'string' && body.name !== '' ? body.name : null;
  const data = name === null ? text : (body.data ?? null);
  const isPriority = Math.abs(Number(priority)) <= PRIORITY_MAX;
  return {
    id: rawId === undefined ? null : unescaped(rawId),
    attempt: Number(attempt),
    name,
    priority: isPriority ? Number(priority) : 0,
    group,
    data,
  };
}

/** Whether this is the task of that id. Most are known by their first characters: lists are long. */
export function isEnvelopeOf(id: string, text: string): boolean {
  if (text.startsWith(`{"id":${quoted(id)},"attempt":`)) return true;
  return ESCAPED_ID.test(text) && readStored(text).id === id;
}

/** What scripts take for a priority. */
const PRIORITY_MAX = 1_000;
const ESCAPED_ID = /^\{"id":"[^"\\]*\\/;

function unescaped(rawId: string): string {
  if (!rawId.includes('\\')) return rawId;
  try {
    return JSON.parse(`"${rawId}"`) as string;
  } catch {
    return rawId;
  }
}
