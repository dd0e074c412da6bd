/** Fails where more than `max` of these moments lie within any span of `perMs`. @param times in ms, ascending */
export function expectWithinRate(times: readonly number[], { max, perMs }: { max: number; perMs: number }): void {
  times.slice(max).forEach((time, row) => {
    const spanMs = time - (times[row] ?? 0);
    if (spanMs < perMs)
      throw new Error(`${max + 1} starts within ${spanMs} ms, at ${times.slice(row, row + max + 1).join(', ')}`);
  });
}
