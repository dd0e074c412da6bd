import type { AddOptions } from '../options/add-options.js';
import type { TaskDefinition } from './task-definition.js';

/** A row of `TaskProducer.addBulk` whose data the compiler has checked: `TaskDefinition.row` makes it. */
export class TaskRow {
  /** What merely looks like a row is none: nobody has checked its data. */
  declare protected readonly isChecked: true;

  constructor(
    readonly task: TaskDefinition,
    readonly data: unknown,
    readonly options: AddOptions | undefined,
  ) {}
}
