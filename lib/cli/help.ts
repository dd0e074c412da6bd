import { COMMON_OPTIONS, type OptionSpec, type OptionSpecs } from './arguments.js';
import type { Command } from './command.js';

export const PROGRAM = 'nestjs-redis-task-queue';

/** The help of all commands; fits a screen of 24 lines of 80 characters. */
export function overview(commands: readonly Command[]): string {
  const calls = commands.map(({ name, positionals }) => `${name} ${positionals}`.trimEnd());
  const width = Math.max(...calls.map(({ length }) => length)) + 2;
  const lines = commands.map(({ summary }, at) => `  ${calls[at]?.padEnd(width)}${summary}`);
  const usage = `Usage: ${PROGRAM} <command> [options]`;
  const options = `All take ${Object.keys(COMMON_OPTIONS)
    .map((name) => `--${name}`)
    .join(' ')}.`;
  return [usage, '', ...lines, '', options, 'More: <command> --help'].join('\n');
}

/** The help of one command. */
export function helpOf({ name, positionals, summary, options, details }: Command): string {
  const usage = `Usage: ${PROGRAM} ${[name, positionals, '[options]'].filter(Boolean).join(' ')}`;
  const described = [...describe(options), ...describe(COMMON_OPTIONS)];
  const width = Math.max(...described.map(([option]) => option.length)) + 2;
  const lines = described.map(([option, description]) => `  ${option.padEnd(width)}${description}`);
  return [usage, '', `${summary}.`, '', ...lines, ...(details ? ['', details] : [])].join('\n');
}

function describe(options: OptionSpecs): [option: string, description: string][] {
  return Object.entries(options).map(([name, spec]) => [signature(name, spec), spec.description]);
}

function signature(name: string, { short, value }: OptionSpec): string {
  return [...(short ? [`-${short},`] : []), `--${name}`, ...(value ? [value] : [])].join(' ');
}
