/**
 * @param hurry ends the wait early
 * @returns whether the promise settled before the time was over. Leaves no timer and no listener behind.
 */
export async function settledWithin(promise: Promise<unknown>, ms: number, hurry?: AbortSignal): Promise<boolean> {
  const done = new AbortController();
  const late = new Promise<false>((resolve) => {
    const timer = setTimeout(resolve, ms, false);
    done.signal.addEventListener('abort', () => clearTimeout(timer));
    hurry?.addEventListener('abort', () => resolve(false), { once: true, signal: done.signal });
    if (hurry?.aborted) resolve(false);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => done.abort());
}
