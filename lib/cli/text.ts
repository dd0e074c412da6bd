const MAX_JSON = 200;

/** A value on one line, cut where it is long. */
export function shortJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  return json.length > MAX_JSON ? `${json.slice(0, MAX_JSON)}…` : json;
}

/** A moment by the second, as ISO 8601 writes it. */
export function shortTime(date: Date | null): string | null {
  return date && `${date.toISOString().slice(0, 19)}Z`;
}

/** A span of time as people say it: `340 ms`, `12.5 s`, `3.2 h`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? ['s', 1_000];
  return `${(ms / size).toFixed(1)} ${unit}`;
}

const UNITS: readonly [unit: string, size: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];
