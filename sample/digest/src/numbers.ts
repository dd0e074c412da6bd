/** 1234 → 1,234 */
export function number(value: number): string {
  return value.toLocaleString('en');
}

/** A number with what it counts. */
export function count(value: number, one: string, several = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : several}`;
}
