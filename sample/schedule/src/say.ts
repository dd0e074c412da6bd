/** One line for something that happens. */
export function say(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
}
