import type { TaskEventSource } from './task-event-source.js';

/** Tells when Redis goes away and when it comes back, each once, however often both are noticed. */
export class ConnectionEvents {
  /** By `performance.now()`; `undefined` while it can be used. */
  private lostAt: number | undefined;

  constructor(private readonly source: TaskEventSource) {}

  lost({ name, message }: Error): void {
    if (this.lostAt !== undefined) return;
    this.lostAt = performance.now();
    if (this.source.observed) this.source.emit({ type: 'connectionLost', error: { name, message } });
  }

  back(): void {
    if (this.lostAt === undefined) return;
    const lostMs = Math.round(performance.now() - this.lostAt);
    this.lostAt = undefined;
    if (this.source.observed) this.source.emit({ type: 'connectionBack', lostMs });
  }
}
