import type { Interim, Outcome } from '../broker/exchange.js';
import type { LogLine } from '../broker/log-line.js';
import { Alarm } from './alarm.js';
import { UnwrittenLines } from './unwritten-lines.js';

/** From one report of a task to its next one, unless the task ends. */
export const PACE_MS = 100;

/** In completions of runs that took no time. */
const WEIGHT = { progress: 1, log: 2, line: 0.2, char: 0.0005 };

/** What a task has said since it was reported. */
interface Said {
  progress?: string;
  lines?: UnwrittenLines;
}

/**
 * What tasks say while they run: how far they are, and lines for their logs. The first word of a task is due at once. After that it rests
 * for a while, however much it says; of its progress the last word wins.
 */
export class InterimReports {
  private readonly said = new Map<string, Said>();
  /** Of those that have said something: who need not wait any longer. */
  private readonly due = new Set<string>();
  /** Until when, by `performance.now()`, those rest that were reported, the first one first. */
  private readonly resting = new Map<string, number>();
  private readonly alarm: Alarm;

  /** @param onDue somebody has rested */
  constructor(onDue: () => void) {
    this.alarm = new Alarm(() => {
      this.rouse();
      const next = [...this.resting].find(([id]) => this.said.has(id));
      if (next) this.alarm.set(next[1]);
      onDue();
    });
  }

  get hasDue(): boolean {
    return this.due.size > 0;
  }

  get dueIds(): string[] {
    return [...this.due];
  }

  progressed(id: string, json: string): void {
    this.of(id).progress = json;
  }

  logged(id: string, line: LogLine): void {
    const said = this.of(id);
    said.lines ??= new UnwrittenLines();
    said.lines.add(line);
  }

  /** What it costs Redis, in completions, to be told what a task has said; 0 if that is nothing. */
  weightOf(id: string): number {
    const { progress, lines } = this.said.get(id) ?? {};
    const ofLines = lines ? WEIGHT.log + lines.count * WEIGHT.line + lines.charCount * WEIGHT.char : 0;
    return (progress === undefined ? 0 : WEIGHT.progress) + ofLines;
  }

  /** All that a task has said, whether it is due or not. */
  take(id: string): Interim[] {
    const { progress, lines } = this.said.get(id) ?? {};
    this.said.delete(id);
    this.due.delete(id);
    // The order is that of time.
    this.resting.delete(id);
    this.resting.set(id, performance.now() + PACE_MS);
    return [
      ...(progress === undefined ? [] : [{ kind: 'progress', id, progress } as const]),
      ...(lines === undefined ? [] : [{ kind: 'logged', id, lines: lines.all } as const]),
    ];
  }

  /** Takes back what was taken, in front of what came meanwhile. */
  restore(taken: readonly Outcome[]): void {
    for (const outcome of taken) {
      if (outcome.kind === 'progress') this.of(outcome.id).progress ??= outcome.progress;
      if (outcome.kind !== 'logged') continue;
      const said = this.of(outcome.id);
      // Of two calls that have failed the earlier one may be the first to come back.
      const lines = [...outcome.lines, ...(said.lines?.all ?? [])].sort((one, other) => one.n - other.n);
      said.lines = new UnwrittenLines();
      for (const line of lines) said.lines.add(line);
    }
  }

  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.said.keys()) {
      if (ids.has(id)) continue;
      this.said.delete(id);
      this.due.delete(id);
    }
  }

  stop(): void {
    this.alarm.stop();
  }

  private of(id: string): Said {
    let said = this.said.get(id);
    if (said) return said;
    said = {};
    this.said.set(id, said);
    this.rouse();
    const restsUntil = this.resting.get(id);
    if (restsUntil === undefined) this.due.add(id);
    else this.alarm.set(restsUntil);
    return said;
  }

  private rouse(): void {
    const now = performance.now();
    for (const [id, until] of this.resting) {
      if (until > now) return;
      this.resting.delete(id);
      if (this.said.has(id)) this.due.add(id);
    }
  }
}
