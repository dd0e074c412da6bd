export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const upper = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(upper) : (at(upper - 1) + at(upper)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

/** The smallest of the values that so many percent of them do not exceed. @param values at least one */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** How much y grows where x grows by one, by least squares. @param points at least two with different x */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const products = mean(points.map(([x, y]) => (x - meanX) * (y - meanY)));
  return products / mean(points.map(([x]) => (x - meanX) ** 2));
}
