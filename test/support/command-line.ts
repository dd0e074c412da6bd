import { Readable } from 'node:stream';
import { run } from '../../lib/cli/run.js';
import type { Terminal } from '../../lib/cli/terminal.js';
import type { RedisFixture } from './redis-fixture.js';

/** What a call of the command line left behind. */
export interface CommandResult {
  code: number;
  out: string;
  err: string;
}

export interface CallOptions {
  stdin?: string;
  /** Pretends that somebody sits there. @default false */
  isTTY?: boolean;
  columns?: number;
  signal?: AbortSignal;
  /** Called with all that was printed so far. */
  onOut?: (out: string) => void;
  env?: Record<string, string>;
}

/** Calls the command line in this process. */
export async function call(argv: readonly string[], options: CallOptions = {}): Promise<CommandResult> {
  const result = { code: -1, out: '', err: '' };
  const terminal: Terminal = {
    out: (text) => {
      result.out += text;
      options.onOut?.(result.out);
    },
    err: (text) => void (result.err += text),
    stdin: Object.assign(Readable.from(options.stdin === undefined ? [] : [options.stdin]), {
      isTTY: options.isTTY ?? false,
    }),
    columns: options.columns,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  };
  result.code = await run(argv, terminal);
  return result;
}

/** The same with the server and the prefix of a test. */
export async function callAt(
  { url, prefix }: RedisFixture,
  argv: readonly string[],
  options: CallOptions = {},
): Promise<CommandResult> {
  return call([...argv, '--redis', url, '--prefix', prefix], options);
}

/** The same, and reads the JSON that it has printed. */
export async function jsonOf<T>(fixture: RedisFixture, ...argv: readonly string[]): Promise<T> {
  const { out } = await callAt(fixture, [...argv, '--json']);
  return JSON.parse(out) as T;
}
