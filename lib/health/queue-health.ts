/** How one queue gets on, as this process sees it. Times are in ms. */
export interface QueueHealth {
  status: 'up' | 'down';
  /** For how long the loop of this process for the queue has not turned; `null` where there is none, or it was stopped. */
  silentMs: number | null;
  /** For how long the task has been waiting that has been waiting longest; `null` where none waits, or nobody could find out. */
  longestWaitMs: number | null;
}

/** What is wrong with a queue, in words for people. */
export function problemsOf(
  queue: string,
  { silentMs, longestWaitMs }: Omit<QueueHealth, 'status'>,
  { maxSilentMs, maxWaitingMs }: { maxSilentMs: number; maxWaitingMs: number },
): string[] {
  const problems: string[] = [];
  if (silentMs !== null && silentMs > maxSilentMs) {
    problems.push(`the loop of queue "${queue}" has not turned for ${inSeconds(silentMs)}`);
  }
  if (longestWaitMs !== null && longestWaitMs > maxWaitingMs) {
    problems.push(`a task of queue "${queue}" has been waiting for ${inSeconds(longestWaitMs)}`);
  }
  return problems;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
