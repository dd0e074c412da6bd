/** What of a trace travels with a task: what the propagators that the application has chosen write, `traceparent` above all. */
type Carrier = Record<string, string>;

/* It stands in Redis with every task, and foreign producers write it as well. */
const MAX_MEMBERS = 16;
const MAX_CHARS = 4_096;

/** As it stands in an envelope; `undefined` if there is nothing to say. */
export function encodeCarrier(written: Carrier): string | undefined {
  const carrier = boundedCarrier(written);
  return Object.keys(carrier).length > 0 ? JSON.stringify(carrier) : undefined;
}

/** Of whatever was found there, or written, the texts, as long as there is room: what is too long or no text is left out. */
export function boundedCarrier(found: unknown): Carrier {
  const carrier: Carrier = {};
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return carrier;
  let [members, chars] = [0, 0];
  for (const key in found) {
    if (members++ === MAX_MEMBERS) break;
    const value = (found as Record<string, unknown>)[key];
    if (typeof value !== 'string' || chars + key.length + value.length > MAX_CHARS) continue;
    chars += key.length + value.length;
    carrier[key] = value;
  }
  return carrier;
}
