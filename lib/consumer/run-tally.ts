import type { Outcome } from '../broker/exchange.js';
import { Figures } from '../broker/figures.js';
import { waitsSince } from './waits-since.js';
import type { TaskRun } from './task-run.js';

/** Of what no handler of this process was called for. */
export const NO_HANDLER = '';

/**
 * What this process has done for one queue since it started, by the names of its handlers: as many as there are. Part of every run, so
 * it must never do more than count.
 */
export class RunTally {
  readonly byName = new Map<string, Figures>();
  /** Of all names, what was told to others. */
  private readonly told = new Figures();

  /** Their handler is about to be called. @param nowMs by Redis's clock */
  starting(runs: readonly TaskRun[], nowMs: number): void {
    for (const { envelope, mode } of runs) {
      const since = waitsSince(envelope, nowMs);
      if (since !== null) this.of(mode.handler.name).waitTime.note(Math.max(0, nowMs - since));
    }
  }

  /** Redis has this outcome. @param run `null` of what nobody here can run */
  settled(outcome: Outcome, run: TaskRun | null, isCalledOff: boolean): void {
    const figures = this.of(run?.mode.handler.name ?? NO_HANDLER);
    switch (isCalledOff ? 'cancelled' : outcome.kind) {
      case 'completed':
      case 'unrecorded':
        figures.completed++;
        break;
      case 'failed':
        figures.failed++;
        break;
      case 'retrying':
        figures.retried++;
        break;
      case 'cancelled':
      case 'expired':
        figures.cancelled++;
        return;
      default:
        return;
    }
    if (run) figures.runTime.note(run.ranMs);
  }

  /** Dead letters that nobody here has run. */
  buried(count: number): void {
    if (count > 0) this.of(NO_HANDLER).failed += count;
  }

  /** All that others were not told yet. */
  get untold(): Figures {
    const untold = new Figures();
    for (const figures of this.byName.values()) untold.add(figures);
    untold.add(this.told, -1);
    return untold;
  }

  /** What is untold, which from now on counts as told. */
  take(): Figures {
    const { untold } = this;
    this.told.add(untold);
    return untold;
  }

  /** They were not told after all. */
  putBack(figures: Figures): void {
    this.told.add(figures, -1);
  }

  private of(name: string): Figures {
    let figures = this.byName.get(name);
    if (!figures) this.byName.set(name, (figures = new Figures()));
    return figures;
  }
}
