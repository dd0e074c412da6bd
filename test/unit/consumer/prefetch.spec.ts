import { describe, expect, it } from 'vitest';
import { Prefetch } from '../../../lib/consumer/prefetch.js';

function after(concurrency: number, ranMs: number, runs = 100): Prefetch {
  const prefetch = new Prefetch(concurrency);
  for (let i = 0; i < runs; i++) prefetch.learn(ranMs);
  return prefetch;
}

describe('Prefetch', () => {
  it('holds nothing ahead before it has seen a run', () => {
    expect(new Prefetch(10).allowance(0)).toBe(0);
  });

  it.each([
    [1, 0.01, 100],
    [1, 1, 5],
    [1, 4, 1],
    [1, 6, 0],
    [10, 6, 8],
    [10, 60, 0],
    [100, 60, 8],
    [100, 1_000, 0],
    [1, 0, 100],
  ])('with concurrency %i and runs of %f ms holds %i', (concurrency, ranMs, allowed) => {
    expect(after(concurrency, ranMs).allowance(0)).toBe(allowed);
  });

  it('sees a slow run while it is under way', () => {
    expect(after(1, 0.01).allowance(6)).toBe(0);
    expect(after(10, 0.01).allowance(100)).toBe(5);
  });

  it('follows handlers that become slow, and quick again', () => {
    const prefetch = after(1, 0.01);
    for (let i = 0; i < 30; i++) prefetch.learn(50);
    expect(prefetch.allowance(0)).toBe(0);
    for (let i = 0; i < 200; i++) prefetch.learn(0.01);
    expect(prefetch.allowance(0)).toBe(100);
  });
});
