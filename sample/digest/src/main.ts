import 'reflect-metadata';
import { parseArguments, USAGE, UsageError } from './arguments.js';
import { digestFolder } from './digest-folder.js';
import { Interruption } from './interruption.js';
import { isWorkerProcess, runWorker } from './worker.js';

/** The worker processes are started with this same file, and told by their environment what they are. */
if (isWorkerProcess()) await runWorker();
else process.exitCode = await main();

/** @returns the exit code: 0, 1 if something failed, 2 for wrong arguments, 128 and more if interrupted */
async function main(): Promise<number> {
  const interruption = new Interruption();
  try {
    const options = parseArguments(process.argv.slice(2));
    if (options !== 'help') return await digestFolder(options, interruption.signal);
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (interruption.by) {
      console.error(`Interrupted by ${interruption.by}.`);
      return interruption.exitCode;
    }
    console.error(error instanceof Error ? error.message : error);
    if (!(error instanceof UsageError)) return 1;
    console.error(`\n${USAGE}`);
    return 2;
  }
}
