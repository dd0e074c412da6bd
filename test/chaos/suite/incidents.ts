/** From when to when, by `Date.now()`. */
export interface Span {
  from: number;
  to: number;
}

/** What happened to the processes and servers of a run, apart from what they write down themselves. */
export class Incidents {
  /** When a worker was heard no more: its process ended, or froze. */
  readonly silences: { by: string; at: number }[] = [];
  /** When workers could not reach Redis, or not all of them, or not always. */
  readonly outages: Span[] = [];
  /** When the worker of a slot, by its number, could do nothing: frozen, on its way out, or cut off. */
  readonly absences: ({ slot: number } & Span)[] = [];
  /** What is wrong whatever the checks find. */
  readonly problems: string[] = [];
  readonly faults = new Map<string, number>();

  injected(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  silent(label: string): void {
    this.silences.push({ by: label, at: Date.now() });
  }

  problem(text: string): void {
    this.problems.push(text);
  }

  async outage(action: () => Promise<void>): Promise<void> {
    const span = { from: Date.now(), to: Infinity };
    this.outages.push(span);
    await this.during(span, action);
  }

  async absence(slot: number, action: () => Promise<void>): Promise<void> {
    const span = { slot, from: Date.now(), to: Infinity };
    this.absences.push(span);
    await this.during(span, action);
  }

  private async during(span: Span, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } finally {
      span.to = Date.now();
    }
  }
}
