import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ends the preparation; the message is all that the user gets to see. */
export class StepFailed extends Error {}

/** Says what is done, runs the command in the root of the repository, and shows its output only if it fails. */
export function runStep(title, command, args, { env } = {}) {
  console.log(title);
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const reason = result.error?.message ?? `exit status ${result.status ?? result.signal}`;
  throw new StepFailed(`Failed: ${command} ${args.join(' ')} (${reason})`);
}
