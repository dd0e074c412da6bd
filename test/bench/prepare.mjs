import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLibrary } from '../../.ci/builds.mjs';
import { installDependencies } from '../../.ci/dependencies.mjs';
import { installRedisServer } from '../../.ci/redis-server.mjs';
import { runStep } from '../../.ci/run-step.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

/** Does only what is missing: dependencies, a Redis server, the built library, and what it is compared with. */
export function prepare() {
  installDependencies();
  installRedisServer();
  buildLibrary();
  installPeers();
}

function installPeers() {
  // npm writes this file last, so an installation that was interrupted counts as none.
  if (modifiedAt('node_modules/.package-lock.json') >= modifiedAt('package-lock.json')) return;
  const args = ['ci', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error'];
  runStep('Installing what the library is compared with (npm ci)', 'npm', args);
}

function modifiedAt(path) {
  return statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}
