import type { AddOptions } from '../options/add-options.js';
import type { TaskDefinition } from './task-definition.js';
import type { TaskTypes } from './task-types.js';

/** What says which task is meant: its definition, or its name. */
export type TaskRef = string | TaskDefinition;

/** What may be added. */
export type DataOf<Task> =
  Task extends TaskDefinition<infer Data> ? Data : EntryOf<Task> extends { data: infer Data } ? Data : unknown;

/** What its handler gets: the same, unless a schema makes something else of it. */
export type ReceivedOf<Task> = Task extends TaskDefinition<unknown, unknown, infer Received> ? Received : DataOf<Task>;

/** What its handler returns. */
export type ResultOf<Task> =
  Task extends TaskDefinition<unknown, infer Result>
    ? Result
    : EntryOf<Task> extends { result: infer Result }
      ? Result
      : unknown;

/** Whether anything is known of its types. */
export type IsTyped<Task> = Task extends TaskDefinition ? true : Task extends keyof TaskTypes ? true : false;

type EntryOf<Task> = Task extends keyof TaskTypes ? TaskTypes[Task] : unknown;

/** Data that may be `null` can be left out: that is what arrives. */
type IsOptional<Data> = [null extends Data ? true : undefined extends Data ? true : false] extends [true]
  ? true
  : false;

/** What `add` takes behind the task. */
export type AddArguments<Data> =
  IsOptional<Data> extends true ? [data?: Data | undefined, options?: AddOptions] : [data: Data, options?: AddOptions];

/** The data among other options. */
export type DataOption<Data> = IsOptional<Data> extends true ? { data?: Data | undefined } : { data: Data };
