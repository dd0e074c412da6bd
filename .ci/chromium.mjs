import { canInstallPackages, installPackage, isExecutable, isOnPath } from './debian-packages.mjs';
import { StepFailed } from './run-step.mjs';

/** Makes sure that there is a browser to start: installs it where that needs no questions, else says what to do. */
export function installChromium() {
  if (process.env.CHROMIUM_BIN) {
    if (isExecutable(process.env.CHROMIUM_BIN)) return;
    throw new StepFailed(`CHROMIUM_BIN is ${process.env.CHROMIUM_BIN}, which is not an executable file.`);
  }
  if (isOnPath('chromium')) return;
  if (canInstallPackages()) installPackage('chromium');
  if (isOnPath('chromium')) return;
  throw new StepFailed(
    'chromium was not found: install it (Debian: `sudo apt-get install chromium`), or name the binary in CHROMIUM_BIN.',
  );
}
