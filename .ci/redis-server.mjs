import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runStep, StepFailed } from './run-step.mjs';

/** Makes sure that there is a `redis-server` to start: installs it where that needs no questions, else says what to do. */
export function installRedisServer() {
  if (process.env.REDIS_SERVER_BIN) {
    if (isExecutable(process.env.REDIS_SERVER_BIN)) return;
    throw new StepFailed(`REDIS_SERVER_BIN is ${process.env.REDIS_SERVER_BIN}, which is not an executable file.`);
  }
  if (isOnPath('redis-server')) return;
  if (process.getuid?.() === 0 && isOnPath('apt-get')) installDebianPackage();
  if (isOnPath('redis-server')) return;
  throw new StepFailed(
    'redis-server was not found: install Redis 7 or newer (Debian and Ubuntu: `sudo apt-get install redis-server`, ' +
      'macOS: `brew install redis`), or name the binary in REDIS_SERVER_BIN.',
  );
}

function installDebianPackage() {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  runStep('Updating the package lists (apt-get update)', 'apt-get', ['update', '-q'], { env });
  withoutStartingServices(() => {
    const args = ['install', '-y', '-q', '--no-install-recommends', 'redis-server'];
    runStep('Installing redis-server (apt-get install)', 'apt-get', args, { env });
  });
}

/** Only the binary is wanted. Debian asks this script whether a new package may start its service; 101 means no. */
function withoutStartingServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy);
  }
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
