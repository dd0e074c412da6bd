import type { Command } from '../command.js';
import { bashCompletion, zshCompletion } from '../completion.js';
import { EXIT } from '../exit-code.js';
import { UsageError } from '../usage.error.js';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion };

/** @param others the commands beside this one */
export function completionOf(others: readonly Command[]): Command {
  const completion: Command = {
    name: 'completion',
    positionals: 'bash|zsh',
    summary: 'Print a script that completes commands',
    options: {},
    details: 'bash: source <(npx nestjs-redis-task-queue completion bash), and the same with zsh.',

    async run({ args, terminal }) {
      const shell = args.only('<shell>');
      if (shell !== 'bash' && shell !== 'zsh')
        throw new UsageError(`There are scripts for bash and zsh, not '${shell}'`);
      terminal.out(SCRIPTS[shell]([...others, completion]));
      return EXIT.done;
    },
  };
  return completion;
}
