/** A door that a loop waits at: whoever has work for the loop opens it, and the loop closes it as it passes. */
export class Gate {
  private isOpen = false;
  private waiting: (() => void) | undefined;

  open(): void {
    this.isOpen = true;
    this.waiting?.();
  }

  close(): void {
    this.isOpen = false;
  }

  /** Resolves at once if the gate was opened since the last time, else when it is, or after `timeoutMs`. */
  async pass(timeoutMs?: number): Promise<void> {
    if (!this.isOpen) {
      await new Promise<void>((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.waiting = undefined;
    this.isOpen = false;
  }
}
