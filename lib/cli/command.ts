import type { Arguments, OptionSpecs } from './arguments.js';
import type { ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import type { Session, SessionOptions } from './session.js';
import type { Terminal } from './terminal.js';

/** What a command gets for one run. */
export interface Invocation {
  args: Arguments;
  output: Output;
  terminal: Terminal;
  /** Where Redis is. */
  where: SessionOptions;
  /** Connects. Closed when the command is through. @throws TaskQueueError */
  open: () => Promise<Session>;
  /** Asks whether to go on with what destroys. @throws UsageError where nobody can be asked */
  confirm: (question: string) => Promise<boolean>;
}

/** One command of the command line. */
export interface Command {
  name: string;
  /** Its positional arguments, as the usage shows them. */
  positionals: string;
  /** One line. */
  summary: string;
  /** Beside those that all commands have. */
  options: OptionSpecs;
  /** What else there is to know; stands below the options in its help. */
  details?: string;
  run(invocation: Invocation): Promise<ExitCode>;
}
