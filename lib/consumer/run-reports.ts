import type { Envelope } from '../broker/envelope.js';
import type { Outcome } from '../broker/exchange.js';
import { type Partition, publicId } from '../broker/partition.js';
import { InvalidDataError } from '../errors/index.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { judgeInterrupted } from './failed-attempt.js';
import type { GuardedLog } from './guarded-log.js';
import { logText } from './log-text.js';
import { PendingOutcomes } from './pending-outcomes.js';
import type { RedisClock } from './redis-clock.js';
import { judgeExpired, judgeRun, judgeStranger, type Verdict } from './task-outcome.js';
import type { RunResult, TaskRun } from './task-run.js';

/** A run that is shorter is not worth to be marked as active: its end is there soon. */
const MARK_AFTER_MS = 5;

export interface RunReportsOptions {
  partition: Partition;
  settings: QueueSettings;
  clock: RedisClock;
  logger: GuardedLog;
  onChange: () => void;
}

/**
 * What there is to report of the tasks that a worker holds of one queue: to Redis as outcomes, which wait here until they are
 * taken, and to the log. Decides nothing: how a run ended is judged elsewhere.
 */
export class RunReports {
  readonly outcomes: PendingOutcomes;
  /** There may be runs whose statuses do not say yet that they are active. */
  hasUnmarked = false;

  constructor(private readonly options: RunReportsOptions) {
    this.outcomes = new PendingOutcomes(options.onChange);
  }

  /** Whether anybody can see in a status how far a task is. */
  get keepsStatuses(): boolean {
    return this.options.settings.status === 'full';
  }

  /** @returns how Redis will be told that it ended */
  ended(run: TaskRun, result: RunResult): Outcome {
    const { settings, clock } = this.options;
    return this.enter(judgeRun(run, result, settings, clock.nowMs));
  }

  /** Nobody here can run it. */
  stranger(envelope: Envelope): void {
    this.enter(judgeStranger(this.options.partition, envelope, this.options.settings));
  }

  /** It was not begun in time. */
  expired(run: TaskRun): void {
    this.enter(judgeExpired(run, this.options.settings));
  }

  /** Its handler may go on, but nobody listens. @returns as `ended` */
  interrupted(run: TaskRun): Outcome {
    const verdict = judgeInterrupted(run, this.options.settings);
    if (!verdict.log) this.options.logger.warn(`${run.title} did not end before the shutdown timeout`);
    return this.enter(verdict);
  }

  givenBack(id: string): void {
    this.outcomes.add({ kind: 'released', id, began: false });
  }

  /** It must not begin before Redis has marked it. @param isAlone whether nothing else runs, of a suspect */
  begins({ envelope }: TaskRun, isAlone: boolean | undefined): void {
    const ofSuspect = isAlone === undefined ? {} : { isAlone };
    this.outcomes.add({ kind: 'began', id: envelope.id, ranMs: 0, ...ofSuspect });
  }

  /** Others are about to begin beside it. */
  accompanied(run: TaskRun): void {
    this.outcomes.add({ kind: 'began', id: run.envelope.id, ranMs: Math.round(run.ranMs), isAlone: false });
  }

  /**
   * A status that says how far a task is says that it is active, too.
   * @throws InvalidDataError where a status could not keep it
   */
  progressed(run: TaskRun, json: string): void {
    const { maxResultBytes } = this.options.settings;
    if (json.length * 3 > maxResultBytes && Buffer.byteLength(json) > maxResultBytes) {
      throw new InvalidDataError('Progress', new Error(`it is longer than maxResultBytes (${maxResultBytes})`));
    }
    if (!run.isMarked) this.mark(run);
    this.outcomes.interim.progressed(run.envelope.id, json);
  }

  logged(run: TaskRun, line: unknown): void {
    // What is known of Redis's clock may be corrected.
    const at = (run.loggedAt = Math.max(run.loggedAt, Math.floor(this.options.clock.nowMs)));
    this.outcomes.interim.logged(run.envelope.id, {
      at,
      attempt: run.attempt,
      n: ++run.lineCount,
      line: logText(line),
    });
  }

  /** Reports those runs that take long enough to be seen. */
  markLong(runs: readonly TaskRun[]): void {
    for (const run of runs) {
      if (run.isMarked) continue;
      if (run.ranMs >= MARK_AFTER_MS) this.mark(run);
      else this.hasUnmarked = true;
    }
  }

  /** Others have taken over these tasks, as Redis says. */
  refused(ids: readonly string[]): void {
    for (const id of ids) {
      this.options.logger.warn(`${this.title(id)}: its lease was lost while it ran; the outcome does not count`);
    }
  }

  /** Redis has buried what it could not read. */
  malformed(ids: readonly string[]): void {
    for (const id of ids) {
      this.options.logger.error(`${this.title(id)}: no JSON object with a name; its bytes are in the dead letters`);
    }
  }

  lost(run: TaskRun): void {
    this.options.logger.warn(`${run.title}: its lease was lost; the run is aborted and its outcome does not count`);
  }

  private mark(run: TaskRun): void {
    run.isMarked = true;
    this.outcomes.add({ kind: 'began', id: run.envelope.id, ranMs: Math.round(run.ranMs) });
  }

  private enter({ outcome, log }: Verdict): Outcome {
    const { logger } = this.options;
    this.outcomes.add(outcome);
    if (log?.level === 'error') logger.error(log.text, log.stack);
    else if (log) logger.warn(log.text);
    return outcome;
  }

  private title(id: string): string {
    return publicId(this.options.partition, id);
  }
}
