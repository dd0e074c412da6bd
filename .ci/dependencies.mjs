import { statSync } from 'node:fs';
import { join } from 'node:path';
import { root, runStep } from './run-step.mjs';

/** Runs `npm ci` unless what it installed last is at least as new as the lock file. */
export function installDependencies() {
  // npm writes this file last, so an installation that was interrupted counts as none.
  const installed = modifiedAt('node_modules/.package-lock.json');
  if (installed >= modifiedAt('package-lock.json')) return;

  // The build tools are devDependencies: a NODE_ENV=production around us must not leave them out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  runStep('Installing dependencies (npm ci)', 'npm', args);
}

function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}
