import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const DEFAULT_FOLDER = fileURLToPath(new URL('../../../lib', import.meta.url));
const MAX_PROCESSES = 64;
const PROCESSES_RULE = `--processes takes a whole number from 1 to ${MAX_PROCESSES}`;

export const USAGE = `Usage: npm start -- [folder] [--processes <number>]

  folder                  its files are digested; default: lib of this project
  --processes, -p         how many worker processes do the work, 1 to ${MAX_PROCESSES};
                          default: none, this process does it
  --help, -h              shows this text

Environment: REDIS_URL    the Redis to use; default: a private server that ends with this process`;

export interface Arguments {
  /** Absolute. */
  folder: string;
  /** 0: no worker processes, the work is done in this one. */
  processes: number;
}

/** The arguments are wrong; the message says how, in one sentence. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseArguments(args: string[]): Arguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  if (positionals.length > 1) throw new UsageError(`One folder can be digested, not ${positionals.length}.`);
  return {
    folder: checkFolder(positionals[0] ?? DEFAULT_FOLDER),
    processes: values.processes === undefined ? 0 : checkProcesses(values.processes),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { processes: { type: 'string', short: 'p' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const { message } = error as Error;
    if (/^Option '.*--processes/.test(message)) throw new UsageError(`${PROCESSES_RULE}.`);
    // Its first sentence says what is wrong, the others how to escape dashes.
    const [sentence] = message.split(/\.\s/);
    throw new UsageError(`${sentence}.`);
  }
}

function checkFolder(given: string): string {
  if (given === '') throw new UsageError('The name of the folder is empty.');
  const folder = resolve(given);
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (error) {
    throw new UsageError(`The folder ${folder} cannot be found (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!isFolder) throw new UsageError(`${folder} is not a folder.`);
  return folder;
}

function checkProcesses(given: string): number {
  const processes = /^\d+$/.test(given) ? Number(given) : NaN;
  if (processes >= 1 && processes <= MAX_PROCESSES) return processes;
  throw new UsageError(`${PROCESSES_RULE}, not "${given}".`);
}
