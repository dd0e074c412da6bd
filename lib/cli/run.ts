import { TaskQueueError } from '../errors/index.js';
import { Arguments, COMMON_OPTIONS } from './arguments.js';
import type { Command } from './command.js';
import { commands } from './commands/index.js';
import { confirm } from './confirm.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { helpOf, overview, PROGRAM } from './help.js';
import { Output } from './output.js';
import { openSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';
import { VERSION } from '../version.js';

/**
 * Runs the command line.
 * @param argv what stands behind the name of the program
 * @returns the exit code
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = argv;
  const command = commands.find((one) => one.name === name);
  try {
    if (command) return await runCommand(command, rest, terminal);
    if (name === '--version') terminal.out(`${VERSION}\n`);
    else if (name === '--help' || name === '-h' || name === 'help') terminal.out(`${overview(commands)}\n`);
    else throw new UsageError(name === undefined ? 'A command is missing' : `There is no command '${name}'`);
    return EXIT.done;
  } catch (error) {
    if (terminal.signal.aborted) return EXIT.notDone;
    return report(error, command, terminal);
  }
}

async function runCommand(command: Command, argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const args = Arguments.parse(argv, { ...command.options, ...COMMON_OPTIONS });
  if (args.flag('help')) {
    terminal.out(`${helpOf(command)}\n`);
    return EXIT.done;
  }
  const where = { redis: args.text('redis') ?? terminal.env['REDIS_URL'], prefix: args.text('prefix') };
  let session: Promise<Session> | undefined;
  try {
    return await command.run({
      args,
      output: new Output(terminal, args.flag('json')),
      terminal,
      where,
      open: () => (session ??= openSession(where)),
      confirm: async (question) => args.flag('yes') || confirm(terminal, question),
    });
  } finally {
    await session?.then(
      ({ close }) => close(),
      () => undefined, // what the command was told already
    );
  }
}

function report(error: unknown, command: Command | undefined, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    const usage = command ? `Usage: ${PROGRAM} ${command.name} ${command.positionals}`.trimEnd() : overview(commands);
    const hint = command ? `\nSee ${PROGRAM} ${command.name} --help` : '';
    terminal.err(`${error.message}\n${command ? '' : '\n'}${usage}${hint}\n`);
    return EXIT.usage;
  }
  if (!(error instanceof TaskQueueError)) throw error;
  terminal.err(`${error.message} (${error.code})\n`);
  if (error.code === 'REDIS_UNAVAILABLE') return EXIT.unavailable;
  return error.code.startsWith('INVALID_') ? EXIT.usage : EXIT.notDone;
}
