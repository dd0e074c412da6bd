export { defineTask, type TaskDefinitionOptions } from './define-task.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';
export type { TaskDefinition } from './task-definition.js';
export type { AddArguments, DataOf, DataOption, ReceivedOf, ResultOf, TaskRef } from './task-ref.js';
export type { TaskRow } from './task-row.js';
export type { DataClass, SchemaInput, SchemaOutput, TaskSchema } from './task-schema.js';
export type { TaskTypes } from './task-types.js';
