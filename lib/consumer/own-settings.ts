import type { Envelope } from '../broker/envelope.js';
import { InvalidOptionsError } from '../errors/index.js';
import { checkTaskOptions, type PartialTaskSettings, type TaskOptions } from '../options/task-options.js';

/**
 * What an envelope says of how its task is to be worked on. Anybody may have written it: what is wrong is told and
 * ignored, for it is no reason not to do the work.
 */
export function ownSettings({ options }: Envelope, warn: (text: string) => void): PartialTaskSettings | undefined {
  if (!options) return undefined;
  const { expiresAt: _, ...own } = options;
  try {
    return checkTaskOptions(own as TaskOptions);
  } catch (error) {
    if (!(error instanceof InvalidOptionsError)) throw error;
    warn(`the options in its envelope are ignored: ${error.message}`);
    return undefined;
  }
}
