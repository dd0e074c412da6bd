import type { Envelope } from '../broker/envelope.js';
import { type Partition, publicId, queueOf } from '../broker/partition.js';
import { TaskContext, type TaskRunControl } from '../handler/task-context.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';

/** How a handler ended. */
export type RunResult = { value: unknown } | { thrown: unknown };

/** What a run tells its consumer. */
export interface TaskRunListener {
  ended(run: TaskRun, result: RunResult): void;
  progressed(run: TaskRun, json: string): void;
}

/**
 * One attempt at one task that this worker holds. It ends once, whatever the handler does; after `lose` it goes on
 * without anybody listening, for a running function cannot be stopped from outside.
 */
export class TaskRun implements TaskRunControl {
  /** Whether its status says that it is active. */
  isMarked = true;
  private controller: AbortController | undefined;
  private startedAt = 0;
  private endedAt = 0;
  private ended = false;
  private lost = false;

  constructor(
    readonly partition: Partition,
    readonly envelope: Envelope,
    readonly handler: TaskHandlerEntry,
    private readonly listener: TaskRunListener,
  ) {}

  /** Made when somebody asks for it: most handlers do not. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  get aborted(): boolean {
    return this.controller?.signal.aborted ?? false;
  }

  /** Others run this task now: its outcome does not count any more. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Milliseconds since the handler was called; since it returned, how long it took. */
  get ranMs(): number {
    return (this.ended ? this.endedAt : performance.now()) - this.startedAt;
  }

  /** For messages: id and name, never the data. */
  get title(): string {
    return `${publicId(this.partition, this.envelope.id)} (${this.handler.name})`;
  }

  start(): void {
    this.startedAt = performance.now();
    const { id, attempt, data } = this.envelope;
    const { partition, handler } = this;
    const context = new TaskContext(publicId(partition, id), queueOf(partition), handler.name, attempt + 1, this);
    let returned: unknown;
    try {
      returned = handler.invoke(data, context);
      if (isThenable(returned)) {
        returned.then(
          (value) => this.end({ value }),
          (thrown: unknown) => this.end({ thrown }),
        );
        return;
      }
    } catch (thrown) {
      this.end({ thrown });
      return;
    }
    this.end({ value: returned });
  }

  progress(json: string): void {
    if (!this.ended && !this.lost) this.listener.progressed(this, json);
  }

  abort(reason: string): void {
    // The getter: a handler that asks only now must find the signal aborted.
    if (this.signal.aborted) return;
    this.controller?.abort(new DOMException(reason, 'AbortError'));
  }

  lose(reason: string): void {
    this.lost = true;
    this.abort(reason);
  }

  private end(result: RunResult): void {
    if (this.ended) return;
    this.ended = true;
    this.endedAt = performance.now();
    this.listener.ended(this, result);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
