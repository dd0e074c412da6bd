import type { Figures } from '../figures.js';
import { percentile } from '../statistics.js';

/** Between two tasks: long enough for the queue to be idle when the next one comes. */
export const INTERVAL_MS = 10;
export const CONCURRENCY = 10;

export function percentiles(latenciesMs: readonly number[]): Figures {
  return { p50: percentile(latenciesMs, 50), p95: percentile(latenciesMs, 95), p99: percentile(latenciesMs, 99) };
}
