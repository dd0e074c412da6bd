/** @throws Error if Redis does not have what it should have: such a measurement means nothing. */
export function checkCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} tasks are ${what}, it should be ${expected}.`);
}
