export { defineTask, type TaskDefinitionOptions } from './define-task.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';
export type { TaskDefinition } from './task-definition.js';
export type { DataOf, ReceivedOf, ResultOf, TaskRef } from './task-ref.js';
export type { TaskRow } from './task-row.js';
export type { DataClass, TaskSchema } from './task-schema.js';
// With a star: what is exported by its name cannot be augmented.
export * from './task-types.js';
