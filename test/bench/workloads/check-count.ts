/** @throws Error if Redis does not have what it should have: such a measurement means nothing. */
export function checkCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} tasks are ${what}, it should be ${expected}.`);
}

/** @param handled the numbers of the tasks, as often as they came. @throws Error if not each came, and came once */
export function checkHandled(handled: readonly number[], expected: number): void {
  if (handled.length !== expected || new Set(handled).size !== expected)
    throw new Error(
      `${handled.length} times a task came, ${new Set(handled).size} are different: it should be ${expected}.`,
    );
}
