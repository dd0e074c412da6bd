import { InvalidOptionsError } from '../errors/index.js';
import { classSchema } from './class-schema.js';
import type { StandardSchema } from './standard-schema.js';

/** A class whose properties have decorators of class-validator. */
export type DataClass<Data extends object = object> = new () => Data;

/** What data can be validated by. */
export type TaskSchema = StandardSchema | DataClass;

/** Plain objects are added, and not instances. */
type PropertiesOf<T> = { [Key in keyof T as T[Key] extends (...args: never) => unknown ? never : Key]: T[Key] };

/** What may be added. */
export type SchemaInput<Schema> =
  Schema extends StandardSchema<infer Input, unknown>
    ? Input
    : Schema extends DataClass<infer Data>
      ? PropertiesOf<Data>
      : never;

/** What a handler gets. */
export type SchemaOutput<Schema> =
  Schema extends StandardSchema<unknown, infer Output> ? Output : Schema extends DataClass<infer Data> ? Data : never;

const ALLOWED =
  'a schema of Standard Schema v1, as zod, valibot and arktype make them, or a class with decorators of class-validator';

/** @throws InvalidOptionsError, also where a class is given and class-validator is not installed */
export function checkSchema(given: unknown): StandardSchema {
  if (isStandardSchema(given)) return given;
  if (isClass(given)) return classSchema(given);
  throw new InvalidOptionsError([{ option: 'schema', given, allowed: ALLOWED }]);
}

/** Those of arktype are functions. */
function isStandardSchema(given: unknown): given is StandardSchema {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null) return false;
  const standard = (given as Partial<StandardSchema>)['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** Not an arrow function, nor a method. */
function isClass(given: unknown): given is DataClass {
  return typeof given === 'function' && typeof given.prototype === 'object' && given.prototype !== null;
}
