import { slope, spread } from '../statistics.js';
import type { Sample } from './sample.js';

/** How something grew over the run, in bytes. */
export interface Growth {
  /** Medians. */
  firstThird: number;
  lastThird: number;
  /** Over the last two thirds, by least squares. */
  perMinute: number;
  perMillionTasks: number;
}

export interface Summary {
  heap: Growth;
  rss: Growth;
  redis: Growth;
}

export function summarize(samples: readonly Sample[]): Summary {
  const of = (value: (sample: Sample) => number): Growth => growth(samples, value);
  return {
    heap: of(({ heapBytes }) => heapBytes),
    rss: of(({ rssBytes }) => rssBytes),
    redis: of(({ redisBytes }) => redisBytes),
  };
}

/** More connections at all times of the last third than ever in the first. @returns what is wrong, in words */
export function connectionProblems(samples: readonly Sample[]): string[] {
  const { first, last } = thirds(samples);
  const before = spread(first.map(({ connections }) => connections)).max;
  const after = spread(last.map(({ connections }) => connections)).min;
  return after > before ? [`connections grew from ${before} to ${after}`] : [];
}

function growth(samples: readonly Sample[], value: (sample: Sample) => number): Growth {
  const { first, later, last } = thirds(samples);
  const over = (time: (sample: Sample) => number): number =>
    slope(later.map((sample) => [time(sample), value(sample)] as const));
  return {
    firstThird: spread(first.map(value)).median,
    lastThird: spread(last.map(value)).median,
    perMinute: over(({ seconds }) => seconds / 60),
    perMillionTasks: over(({ tasks }) => tasks / 1e6),
  };
}

function thirds(samples: readonly Sample[]): Record<'first' | 'later' | 'last', readonly Sample[]> {
  const third = Math.ceil(samples.length / 3);
  return { first: samples.slice(0, third), later: samples.slice(third), last: samples.slice(-third) };
}
