import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GuardedProcess } from '../../../../lib/testing/guarded-process.js';
import type { ProcessConfig } from './process-config.js';

const REGISTER = fileURLToPath(new URL('../../../support/typescript/register.mjs', import.meta.url));

/**
 * Runs one of the scripts beside this file in a process of its own, which is killed, even while it is stopped, when this
 * process ends in whatever way. What it prints goes to a file beside its journal.
 */
export async function spawnScript(script: string, config: ProcessConfig): Promise<GuardedProcess> {
  return GuardedProcess.start({
    binary: process.execPath,
    args: ['--import', REGISTER, fileURLToPath(new URL(script, import.meta.url)), JSON.stringify(config)],
    logFile: join(config.folder, `${config.label}.log`),
    folder: null,
  });
}
