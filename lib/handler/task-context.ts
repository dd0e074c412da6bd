import { InvalidDataError } from '../errors/index.js';

/** What a run of a handler can do beside returning: implemented by the consumer that runs it. */
export interface TaskRunControl {
  readonly signal: AbortSignal;
  /** Its handler need not begin any more. */
  readonly isOver: boolean;
  progress(json: string): void;
  log(line: string): void;
}

/**
 * What a handler is told about its task, and how it talks back. The second argument of every handler; that of a batch handler is an
 * array with one for each task.
 */
export class TaskContext {
  constructor(
    /** The public id, `<queue>:<id>`, for `TaskStatusService.get`. */
    readonly id: string,
    readonly queue: string,
    readonly name: string,
    /** Which attempt this is, counted from 1. Those that failed count, and those that were lost with their worker. */
    readonly attempt: number,
    /** As they were added: what a schema or pipes make of them the handler gets. */
    readonly data: unknown,
    /** As it was given to `add`; `undefined` if none was. */
    readonly group: string | undefined,
    private readonly control: TaskRunControl,
  ) {}

  /**
   * Aborts when the attempt takes longer than its `timeout`, when the task is cancelled, at shutdown after `shutdownTimeout`,
   * and when the lease was lost. Only at shutdown does the outcome still count.
   */
  get signal(): AbortSignal {
    return this.control.signal;
  }

  /**
   * The handler need not begin for this task any more.
   * @internal
   */
  get isOver(): boolean {
    return this.control.isOver;
  }

  /**
   * For what stands around a handler and takes its time.
   * @throws the reason of the signal, if that has aborted
   * @internal
   */
  throwIfOver(): void {
    if (this.control.isOver) this.control.signal.throwIfAborted();
  }

  /**
   * Writes how far the task is to its status: a number, or anything else that JSON can carry. Returns at once. The first one is
   * written at once, too, and then at most ten in a second: the last one wins. Nothing comes of it once the attempt is over.
   * @throws InvalidDataError `INVALID_DATA`
   */
  progress(value: unknown): void {
    let json: string | undefined;
    try {
      json = JSON.stringify(value);
    } catch (error) {
      throw new InvalidDataError('Progress', error);
    }
    if (json === undefined) throw new InvalidDataError('Progress');
    this.control.progress(json);
  }

  /**
   * Adds a line to the log of the task, for `TaskStatusService.logs`. Returns at once, and never throws; written as `progress` is. Of a
   * line 2,000 characters are kept, and of a task the last 1,000 lines, for 7 days from the last one on. What is logged faster
   * than it can be written loses its oldest lines, and a line says how many. Nothing comes of it once the attempt is over.
   */
  log(line: string): void {
    this.control.log(line);
  }
}
