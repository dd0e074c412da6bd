/** The exchanges of one consumer that Redis has not answered yet: at most two, see `ExchangePlan.shouldCall`. */
export class ExchangesUnderWay {
  private readonly calls = new Set<Promise<void>>();
  private wanted = 0;
  private failure: { error: unknown } | undefined;

  constructor(private readonly onEnd: () => void) {}

  get count(): number {
    return this.calls.size;
  }

  /** How many tasks they ask for, all in all. */
  get expected(): number {
    return this.wanted;
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  add(want: number, exchange: Promise<void>): void {
    this.wanted += want;
    const call = exchange
      .catch((error: unknown) => void (this.failure ??= { error }))
      .finally(() => {
        this.wanted -= want;
        this.calls.delete(call);
        this.onEnd();
      });
    this.calls.add(call);
  }

  /** Resolves once none is under way. @throws the first error among them, once */
  async settle(): Promise<void> {
    await Promise.all(this.calls);
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure.error;
  }
}
