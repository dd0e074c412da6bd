import { spawnSync } from 'node:child_process';
import { canInstallPackages, installPackage } from './debian-packages.mjs';
import { StepFailed } from './run-step.mjs';

/** The one that the package is for is not always the first on the PATH. */
const INTERPRETERS = ['python3', '/usr/bin/python3'];

/**
 * Some tests speak to the library from Python. They have a small Redis client of their own: the real one is installed where that
 * needs no questions, and where it cannot be, nothing fails.
 */
export function installPythonRedis() {
  if (INTERPRETERS.some(canImportRedis) || !canInstallPackages()) return;
  try {
    installPackage('python3-redis');
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.log(`Going on without python3-redis. ${error.message}`);
  }
}

function canImportRedis(interpreter) {
  return spawnSync(interpreter, ['-c', 'import redis'], { stdio: 'ignore' }).status === 0;
}
