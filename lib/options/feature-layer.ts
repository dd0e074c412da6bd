import { isDeepStrictEqual } from 'node:util';
import { ConflictingOptionsError } from '../errors/index.js';

/** Which feature said what of the queues, or of the tasks: of each name there is one truth, or several that are the same. */
export class FeatureLayer {
  private readonly said = new Map<string, { options: unknown; origin: string }>();

  /** @param what of which kind the names are @param origin where these options stand */
  constructor(private readonly what: 'queue' | 'task') {}

  /** @throws ConflictingOptionsError */
  add(byName: object, origin: string): void {
    for (const [name, options] of Object.entries(byName)) {
      const other = this.said.get(name);
      if (other && !isDeepStrictEqual(other.options, options)) {
        throw new ConflictingOptionsError(`${this.what} "${name}"`, other.origin, origin);
      }
      this.said.set(name, { options, origin });
    }
  }
}

/** Adds to the checked options of each name what `lower` says of it and they do not, also within options that are objects. */
export function layUnder<T extends object>(upper: Map<string, T>, lower: ReadonlyMap<string, T> = new Map()): void {
  for (const [name, options] of lower) upper.set(name, filledFrom(options, upper.get(name)));
}

function filledFrom<T extends object>(lower: T, upper: T | undefined): T {
  const filled = new Map<string, unknown>(Object.entries(lower));
  for (const [option, value] of Object.entries(upper ?? {})) {
    const below = filled.get(option);
    if (value === undefined) continue;
    filled.set(option, isObject(value) && isObject(below) ? filledFrom(below, value) : value);
  }
  return Object.fromEntries(filled) as T;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
