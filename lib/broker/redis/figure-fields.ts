import { BUCKETS_MS, Figures, type Spans } from '../figures.js';

const COUNTS = ['completed', 'failed', 'retried', 'cancelled'] as const;
const SPANS = { wait: 'waitTime', run: 'runTime' } as const;
const LONGER = 'longer';
const SUM = 'sum';

/** Names and amounts by turns, of those that are not 0. */
export function toFields(figures: Figures): (string | number)[] {
  const fields: [name: string, amount: number][] = COUNTS.map((name) => [name, figures[name]]);
  for (const [name, spans] of Object.entries(SPANS)) fields.push(...fieldsOf(name, figures[spans]));
  return fields.filter(([, amount]) => amount !== 0).flat();
}

/** Adds what a field says. One that this version does not know it leaves out. */
export function readField(figures: Figures, name: string, amount: number): void {
  const count = COUNTS.find((each) => each === name);
  if (count) figures[count] += amount;
  const [kind, bound] = name.split(':');
  const spans = Object.hasOwn(SPANS, kind ?? '') ? figures[SPANS[kind as keyof typeof SPANS]] : undefined;
  if (!spans || bound === undefined) return;
  const bucket = bound === LONGER ? BUCKETS_MS.length : BUCKETS_MS.indexOf(Number(bound));
  if (bound === SUM) spans.sumMs += amount;
  else if (bucket >= 0) (spans.counts[bucket] as number) += amount;
}

function fieldsOf(name: string, { counts, sumMs }: Spans): [name: string, amount: number][] {
  const buckets = counts.map((count, bucket): [string, number] => [`${name}:${BUCKETS_MS[bucket] ?? LONGER}`, count]);
  return [...buckets, [`${name}:${SUM}`, Math.round(sumMs)]];
}
