import type { Ticks } from './ticks.js';

/** A tick that nobody came to for so long was missed, and those after it with it. Until then it is only late. */
export const MISSED_AFTER_MS = 10_000;
/** Bounds one call, so that Redis is not blocked for long by one script. */
const MAX_TICKS = 50;

/** What becomes of missed ticks: none of them is made, the last one, or the last ones up to this number. */
export type CatchUp = 'none' | 'last' | number;

export interface TickPlan {
  /** To be made now, oldest first. */
  ticks: number[];
  /** The one that is next then: due already where one call is not enough. `null` if there is none. */
  nextMs: number | null;
  /** Whether some were missed. */
  isLate: boolean;
}

/** @param tickMs the first tick that was not made yet; due by now */
export function planTicks(ticks: Ticks, tickMs: number, nowMs: number, catchUp: CatchUp): TickPlan {
  const isLate = nowMs - tickMs > MISSED_AFTER_MS;
  const wanted = isLate ? missed(ticks, tickMs, nowMs, catchUp) : dueSince(ticks, tickMs, nowMs);
  const later = wanted[MAX_TICKS];
  return { ticks: wanted.slice(0, MAX_TICKS), nextMs: later ?? ticks.next(nowMs), isLate };
}

function missed(ticks: Ticks, tickMs: number, nowMs: number, catchUp: CatchUp): number[] {
  const count = catchUp === 'none' ? 0 : catchUp === 'last' ? 1 : catchUp;
  return count === 0 ? [] : ticks.latest(nowMs, count).filter((tick) => tick >= tickMs);
}

/** These are few, for it was not long ago. */
function dueSince(ticks: Ticks, tickMs: number, nowMs: number): number[] {
  const due: number[] = [];
  for (let tick: number | null = tickMs; tick !== null && tick <= nowMs; tick = ticks.next(tick)) due.push(tick);
  return due;
}

/** As it stands in Redis. What cannot be read is taken for the default. */
export function decodeCatchUp(text: string): CatchUp {
  if (text === 'none' || text === 'last') return text;
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 'last';
}
