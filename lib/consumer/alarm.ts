/**
 * Rings once, at the earliest of the times that it is given. It goes by Node's clock: a blocking command of Redis ends up to
 * a tenth of a second after its time.
 */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private ringsAt = Infinity;

  constructor(private readonly ring: () => void) {}

  /** @param at by `performance.now()` */
  set(at: number): void {
    if (at >= this.ringsAt) return;
    this.stop();
    this.ringsAt = at;
    this.timer = setTimeout(
      () => {
        this.ringsAt = Infinity;
        this.ring();
      },
      Math.ceil(Math.max(0, at - performance.now())),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
    this.ringsAt = Infinity;
  }
}
