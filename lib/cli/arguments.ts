import { parseArgs } from 'node:util';
import { UsageError } from './usage.error.js';

/** An option of the command line, as help and completion show it. */
export interface OptionSpec {
  type: 'string' | 'boolean';
  short?: string;
  /** What stands for its value in the help. */
  value?: string;
  description: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What every command takes. */
export const COMMON_OPTIONS: OptionSpecs = {
  redis: { type: 'string', value: '<url>', description: 'where Redis is (default: REDIS_URL, else 127.0.0.1:6379)' },
  prefix: { type: 'string', value: '<text>', description: "the module's option prefix (default: none)" },
  json: { type: 'boolean', description: 'print JSON, for scripts' },
  yes: { type: 'boolean', description: 'do not ask before something is destroyed' },
  help: { type: 'boolean', short: 'h', description: 'show the usage' },
};

/** The arguments of one call. Every reader throws a UsageError where an argument is not what it should be. */
export class Arguments {
  private constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    readonly positionals: readonly string[],
  ) {}

  /** @throws UsageError */
  static parse(argv: readonly string[], specs: OptionSpecs): Arguments {
    const options = Object.fromEntries(
      Object.entries(specs).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
    );
    try {
      const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
      return new Arguments(values, positionals);
    } catch (error) {
      throw new UsageError(error instanceof Error ? firstSentence(error.message) : String(error));
    }
  }

  flag(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** A whole number, at least `min`. */
  whole(name: string, min: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new UsageError(
        `--${name} takes a whole number${min > -Infinity ? `, at least ${min}` : ''}, not '${text}'`,
      );
    }
    return value;
  }

  /** One of these words. */
  word<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    const word = words.find((one) => one === text);
    if (text !== undefined && !word) throw new UsageError(`--${name} takes ${words.join(', ')}, not '${text}'`);
    return word;
  }

  /** The only positional argument. @param what it is called in the usage */
  only(what: string): string {
    const [first, ...others] = this.positionals;
    if (first === undefined) throw new UsageError(`${what} is missing`);
    if (others.length > 0) throw new UsageError(`One ${what} is enough: '${others.join(' ')}' is too much`);
    return first;
  }

  /** The only positional argument, if there is one. */
  atMostOne(what: string): string | undefined {
    return this.positionals.length === 0 ? undefined : this.only(what);
  }

  /** All positional arguments, at least one. */
  some(what: string): readonly string[] {
    if (this.positionals.length === 0) throw new UsageError(`${what} is missing`);
    return this.positionals;
  }

  /** @throws UsageError where there is a positional argument */
  none(): void {
    if (this.positionals.length > 0) throw new UsageError(`'${this.positionals.join(' ')}' is too much`);
  }
}

/** What follows in messages of Node is about positional arguments that begin with a dash. */
function firstSentence(message: string): string {
  return message.split('. ')[0] ?? message;
}
