/** What handlers wait at until the test lets them pass. */
export class Latch<T = void> {
  open!: (value: T) => void;
  readonly opened = new Promise<T>((resolve) => (this.open = resolve));
}
