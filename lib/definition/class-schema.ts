import { createRequire } from 'node:module';
import { InvalidOptionsError } from '../errors/index.js';
import type { SchemaIssue, StandardSchema } from './standard-schema.js';

type ClassValidator = typeof import('class-validator');
type ClassTransformer = typeof import('class-transformer');
type ValidationError = import('class-validator').ValidationError;

const require = createRequire(import.meta.url);

/**
 * A class with decorators of class-validator as a schema: its output are instances of the class.
 * @throws InvalidOptionsError where class-validator or class-transformer is not installed
 */
export function classSchema<Data extends object>(type: new () => Data): StandardSchema<unknown, Data> {
  // Only now, since few need them; and not with import(), so that what is missing is told when the task is defined.
  const { plainToInstance } = load('class-transformer', type) as ClassTransformer;
  const { validate } = load('class-validator', type) as ClassValidator;
  return {
    '~standard': {
      version: 1,
      vendor: 'class-validator',
      validate: async (data) => {
        if (typeof data !== 'object' || data === null || Array.isArray(data)) {
          return { issues: [{ message: `an object with the properties of ${type.name} is expected` }] };
        }
        const value = plainToInstance(type, data);
        const issues = issuesOf(await validate(value), []);
        return issues.length > 0 ? { issues } : { value };
      },
    },
  };
}

function load(name: string, type: new () => object): unknown {
  try {
    return require(name);
  } catch (cause) {
    const allowed = `a class only where class-validator and class-transformer are installed: npm install ${name}`;
    throw new InvalidOptionsError([{ option: 'schema', given: type, allowed }], { cause });
  }
}

/** Those of nested objects stand within those of the objects around them. */
function issuesOf(errors: readonly ValidationError[], parent: readonly string[]): SchemaIssue[] {
  return errors.flatMap(({ property, constraints, children }) => {
    // What has no decorators at all is no property of anything.
    const path = property === undefined ? parent : [...parent, property];
    const own = Object.values(constraints ?? {}).map((message) => ({ message, path }));
    return [...own, ...issuesOf(children ?? [], path)];
  });
}
