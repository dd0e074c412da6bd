import { describe, expect, it } from 'vitest';
import { HandlerPace } from '../../../lib/consumer/handler-pace.js';

function after(concurrency: number, ranMs: number, runs = 100): HandlerPace {
  const pace = new HandlerPace(concurrency);
  for (let i = 0; i < runs; i++) pace.learn(ranMs);
  return pace;
}

describe('HandlerPace', () => {
  it('holds nothing ahead before it has seen a run', () => {
    expect(new HandlerPace(10).allowance(0)).toBe(0);
  });

  it.each([
    [1, 0.01, 200],
    [1, 1, 5],
    [1, 4, 1],
    [1, 6, 0],
    [10, 6, 8],
    [10, 60, 0],
    [100, 60, 8],
    [100, 1_000, 0],
    [1, 0, 200],
  ])('with concurrency %i and runs of %f ms holds %i', (concurrency, ranMs, allowed) => {
    expect(after(concurrency, ranMs).allowance(0)).toBe(allowed);
  });

  it('sees a slow run while it is under way', () => {
    expect(after(1, 0.01).allowance(6)).toBe(0);
    expect(after(10, 0.01).allowance(100)).toBe(5);
  });

  it('follows handlers that become slow, and quick again', () => {
    const pace = after(1, 0.01);
    for (let i = 0; i < 30; i++) pace.learn(50);
    expect(pace.allowance(0)).toBe(0);
    for (let i = 0; i < 200; i++) pace.learn(0.01);
    expect(pace.allowance(0)).toBe(200);
  });
});
