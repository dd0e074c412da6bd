import type { Envelope } from '../broker/envelope.js';
import type { Outcome } from '../broker/exchange.js';
import type { Partition } from '../broker/partition.js';
import type { NewTask } from '../broker/task-broker.js';
import type { RunResult } from '../consumer/task-run.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { AddedTask } from '../producer/added-task.js';

/** A task that is about to be added. */
export interface Outgoing {
  readonly partition: Partition;
  readonly task: NewTask;
}

/** A handler, and what it is called for. */
export interface ProcessedCall {
  readonly partition: Partition;
  readonly handler: Pick<TaskHandlerEntry, 'name' | 'batch'>;
  readonly tasks: readonly { readonly envelope: Envelope }[];
}

/**
 * Who is told of adds and runs as they happen. Where nobody is there is none, and nothing is done for it. None of its methods, nor
 * of what they return, throws.
 */
export interface Telemetry {
  /**
   * An add begins. Enters in the envelopes where their trace goes on.
   * @param isBulk whether it was one call for any number of tasks
   */
  adding(tasks: readonly Outgoing[], isBulk: boolean): Adding;
  /** A handler is about to be called. */
  processing(call: ProcessedCall): Processing;
}

/** An add under way. One of these is called, once. */
export interface Adding {
  done(answers: readonly AddedTask[]): void;
  failed(error: unknown): void;
}

/** A call of a handler under way. */
export interface Processing {
  /** Makes that call: whatever it does belongs to it. */
  run(call: () => void): void;
  /**
   * One of its tasks has ended.
   * @param outcome as Redis will be told; `undefined` where others run the task now
   */
  judged(task: Envelope, result: RunResult, outcome: Outcome | undefined): void;
  /** All of them have. May be called twice, and nothing comes of it later. */
  end(): void;
}
