import { AsyncResource } from 'node:async_hooks';
import type { Envelope } from '../broker/envelope.js';
import { type Partition, publicId, queueOf } from '../broker/partition.js';
import { TaskTimeoutError } from '../errors/index.js';
import { TaskContext, type TaskRunControl } from '../handler/task-context.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { TaskSettings } from '../options/task-options.js';
import type { Processing } from '../telemetry/telemetry.js';
import type { Call } from './call.js';
import { lastOf, untilOver } from './observed.js';
import type { RedisClock } from './redis-clock.js';

/** How a handler ended. */
export type RunResult = { value: unknown } | { thrown: unknown };

/** Why the signal of a run aborted. The first reason is the one that counts. */
export type AbortCause = 'cancelled' | 'lost' | 'shutdown' | 'timeout';

/** What a run tells its consumer. */
export interface TaskRunListener {
  /** It has ended, and its slot is free. */
  ended(run: TaskRun, result: RunResult): void;
  progressed(run: TaskRun, json: string): void;
  logged(run: TaskRun, line: string): void;
  /** Others are about to begin beside it: Redis has to know that first. */
  accompanied(run: TaskRun): void;
}

/** How tasks are run: the same for all that have a handler in common and no options of their own. */
export interface TaskRunMode {
  readonly partition: Partition;
  readonly handler: TaskHandlerEntry;
  readonly settings: TaskSettings;
  /** How often a task may be lost before it is a suspect. */
  readonly maxLost: number;
}

/** What a handler has to react to being cancelled, before its task is cancelled without it. */
const CANCEL_GRACE_MS = 1_000;

/**
 * One attempt at one task that this worker holds. It ends once, whatever the handler does. After a timeout or `lose` the
 * handler may go on without anybody listening, for a running function cannot be stopped from outside.
 */
export class TaskRun implements Call, TaskRunControl {
  abortedFor: AbortCause | undefined;
  /** By `performance.now()`; 0 while it runs. */
  endedAt = 0;
  processing: Processing | undefined;
  /** How many lines its handler has logged. */
  lineCount = 0;
  /** When the last one of them was logged, by Redis's clock, in ms. */
  loggedAt = 0;
  private controller: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;
  private ended = false;
  private lost = false;
  /** A store that a handler enters (AsyncLocalStorage) is that of its task alone, and not that of whatever begins next. */
  private readonly scope = new AsyncResource('TaskRun');

  constructor(
    readonly envelope: Envelope,
    readonly mode: TaskRunMode,
    /** Whether its status says that it is active. */
    public isMarked: boolean,
    private readonly listener: TaskRunListener,
  ) {}

  /** What takes the slot in which it runs. */
  get call(): Call {
    return this;
  }

  get runs(): readonly TaskRun[] {
    return [this];
  }

  get isReady(): boolean {
    return true;
  }

  /** A worker died that held it: it must not begin before its status says that it is active. */
  get mustBeMarked(): boolean {
    return this.envelope.lost !== undefined;
  }

  /** Was lost so often that it becomes a dead letter if its worker dies once more. */
  get isSuspect(): boolean {
    return this.envelope.lost !== undefined && this.envelope.lost >= this.mode.maxLost;
  }

  /** Made when somebody asks for it: most handlers do not. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  /** Whatever its handler does from now on is too late, or was asked to stop. */
  get isOver(): boolean {
    return this.ended || this.lost || this.abortedFor !== undefined;
  }

  /** Others run this task now: its outcome does not count any more. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Which one this is, counted from 1. */
  get attempt(): number {
    return this.envelope.attempt + 1;
  }

  /** Its handler was called. */
  get hasBegun(): boolean {
    return this.startedAt > 0;
  }

  /** Milliseconds since the handler was called; since it returned, how long it took. */
  get ranMs(): number {
    return (this.ended ? this.endedAt : performance.now()) - this.startedAt;
  }

  /** For messages: id and name, never the data. */
  get title(): string {
    return `${publicId(this.mode.partition, this.envelope.id)} (${this.mode.handler.name})`;
  }

  /** Its first attempt was to begin before. */
  isExpiredAt(clock: RedisClock): boolean {
    const { attempt, options } = this.envelope;
    return attempt === 0 && typeof options?.expiresAt === 'number' && options.expiresAt <= clock.nowMs;
  }

  drop(runs: ReadonlySet<TaskRun>): boolean {
    return !runs.has(this);
  }

  start(processing?: Processing): void {
    this.processing = processing;
    this.scope.runInAsyncScope(() => (processing ? processing.run(() => this.invoke()) : this.invoke()));
  }

  progress(json: string): void {
    if (!this.ended && !this.lost) this.listener.progressed(this, json);
  }

  log(line: string): void {
    if (!this.ended && !this.lost) this.listener.logged(this, line);
  }

  abort(cause: AbortCause, reason: Error): void {
    if (this.abortedFor) return;
    this.abortedFor = cause;
    // Through the getter: a handler that asks only now must find the signal aborted.
    if (!this.signal.aborted) this.controller?.abort(reason);
  }

  /** Somebody called the task off: it ends so, whether the handler listens to its signal or not. */
  cancel(): void {
    if (this.abortedFor) return;
    const reason = abortError('The task was cancelled');
    this.abort('cancelled', reason);
    if (this.ended || !this.hasBegun) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end({ thrown: reason }), CANCEL_GRACE_MS);
  }

  /** A suspect that takes long is not alone any more. */
  accompany(): void {
    this.listener.accompanied(this);
  }

  /** The slot stays taken until the handler ends or its time is over; but nobody waits for that to end the process. */
  lose(reason: string): void {
    this.lost = true;
    this.timer?.unref();
    this.abort('lost', abortError(reason));
  }

  /** Its time begins now. */
  protected begin(): TaskContext {
    this.startedAt = performance.now();
    const { id, data, group } = this.envelope;
    const { partition, handler, settings } = this.mode;
    const { timeoutMs } = settings;
    if (timeoutMs > 0) this.timer = setTimeout(() => this.timeOut(timeoutMs), timeoutMs);
    return new TaskContext(publicId(partition, id), queueOf(partition), handler.name, this.attempt, data, group, this);
  }

  protected end(result: RunResult): void {
    if (this.ended) return;
    this.ended = true;
    this.endedAt = performance.now();
    clearTimeout(this.timer);
    const { timeoutMs } = this.mode.settings;
    // A handler that blocked the loop kept the timer from firing.
    const isLate = timeoutMs > 0 && this.ranMs > timeoutMs && 'value' in result;
    this.report(isLate ? { thrown: new TaskTimeoutError(timeoutMs) } : result);
  }

  protected report(result: RunResult): void {
    this.listener.ended(this, result);
  }

  /** The attempt is over, whether the handler listens to its signal or not. */
  private timeOut(timeoutMs: number): void {
    const error = new TaskTimeoutError(timeoutMs);
    this.abort('timeout', error);
    this.end({ thrown: error });
  }

  private invoke(): void {
    const context = this.begin();
    let returned: unknown;
    try {
      returned = this.mode.handler.invoke(this.envelope.data, context);
      if (isThenable(returned)) {
        returned.then(
          (value) => this.returned(value, context),
          (thrown: unknown) => this.end({ thrown }),
        );
        return;
      }
    } catch (thrown) {
      this.end({ thrown });
      return;
    }
    this.returned(returned, context);
  }

  /** Of an Observable the emissions are progress, and the last one counts; one without any has no result. */
  private returned(value: unknown, context: TaskContext): void {
    const promise = lastOf(untilOver(value, context), context);
    if (promise === value) return this.end({ value });
    (promise as Promise<unknown>).then(
      (last) => this.end({ value: last }),
      (thrown: unknown) => this.end({ thrown }),
    );
  }
}

/** As `AbortController.abort` makes it by itself, with words of ours. */
export function abortError(reason: string): DOMException {
  return new DOMException(reason, 'AbortError');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
