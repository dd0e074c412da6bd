import { canInstallPackages, installPackage, isExecutable, isOnPath } from './debian-packages.mjs';
import { StepFailed } from './run-step.mjs';

/** Makes sure that there is a `redis-server` to start: installs it where that needs no questions, else says what to do. */
export function installRedisServer() {
  if (process.env.REDIS_SERVER_BIN) {
    if (isExecutable(process.env.REDIS_SERVER_BIN)) return;
    throw new StepFailed(`REDIS_SERVER_BIN is ${process.env.REDIS_SERVER_BIN}, which is not an executable file.`);
  }
  if (isOnPath('redis-server')) return;
  if (canInstallPackages()) installPackage('redis-server');
  if (isOnPath('redis-server')) return;
  throw new StepFailed(
    'redis-server was not found: install Redis 7 or newer (Debian and Ubuntu: `sudo apt-get install redis-server`, ' +
      'macOS: `brew install redis`), or name the binary in REDIS_SERVER_BIN.',
  );
}
