import type { Rate } from '../broker/claim-limits.js';
import type { AddOptions } from '../options/add-options.js';
import type { PartialTaskSettings } from '../options/task-options.js';
import type { StandardSchema } from './standard-schema.js';
import type { AddArguments } from './task-ref.js';
import { TaskRow } from './task-row.js';

/**
 * What those who add a task and those who handle it agree on: made by `defineTask`.
 *
 * `Data` is what may be added, `Result` what the handler returns, and `Received` what the handler gets, if a schema makes something
 * else of the data.
 */
export class TaskDefinition<Data = unknown, Result = unknown, Received = Data> {
  /** For the compiler only. */
  declare readonly '~types'?: { readonly data: Data; readonly result: Result; readonly received: Received };

  constructor(
    readonly name: string,
    /** `undefined` where the queue is left to the handler, or to `add`. */
    readonly queue: string | undefined,
    readonly schema: StandardSchema | undefined,
    /** @internal */
    readonly settings: PartialTaskSettings,
    /** @internal */
    readonly rate: Rate | undefined,
  ) {}

  /**
   * A row of `TaskProducer.addBulk`. Nothing is checked yet but the types.
   *
   * @example
   * await producer.addBulk(users.map((user) => SendEmail.row({ to: user.email }, { group: user.tenant })));
   */
  row(...rest: AddArguments<Data>): TaskRow;
  row(data?: unknown, options?: AddOptions): TaskRow {
    return new TaskRow(this, data, options);
  }
}
