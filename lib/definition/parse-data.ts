import { InvalidTaskDataError, type TaskDataIssue } from '../errors/index.js';
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';

/** Whose data these are, for messages. */
interface DataOrigin {
  /** Of a bulk. */
  row?: number | undefined;
  schedule?: string;
}

/**
 * What a handler gets for data as they come out of JSON: at once, or a promise where the schema is asynchronous.
 * @throws InvalidTaskDataError, and whatever a schema throws that cannot say
 */
export function parseData(name: string, schema: StandardSchema, data: unknown, origin: DataOrigin = {}): unknown {
  const result = schema['~standard'].validate(data);
  return 'then' in result
    ? Promise.resolve(result).then((late) => valueOf(name, late, origin))
    : valueOf(name, result, origin);
}

function valueOf(name: string, result: SchemaResult<unknown>, { row, schedule }: DataOrigin): unknown {
  if (!result.issues) return result.value;
  // Some issues stand in an array of a kind of its own, whose map() makes such an array again.
  throw new InvalidTaskDataError(name, Array.from(result.issues, toIssue), row, schedule);
}

function toIssue({ path = [], message }: SchemaIssue): TaskDataIssue {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return { path: keys.join('.'), message };
}
