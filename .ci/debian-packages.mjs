import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runStep } from './run-step.mjs';

/** Whether packages can be installed without questions. */
export function canInstallPackages() {
  return process.getuid?.() === 0 && isOnPath('apt-get');
}

/** @throws StepFailed */
export function installPackage(name) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  runStep('Updating the package lists (apt-get update)', 'apt-get', ['update', '-q'], { env });
  withoutStartingServices(() => {
    const args = ['install', '-y', '-q', '--no-install-recommends', name];
    runStep(`Installing ${name} (apt-get install)`, 'apt-get', args, { env });
  });
}

export function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && isExecutable(join(folder, name)));
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Only programs are wanted. Debian asks this script whether a new package may start its service; 101 means no. */
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
