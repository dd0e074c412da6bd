/** `node .ci/samples.mjs build|typecheck`: does that for every sample, with an up-to-date build of the library. */
import { join } from 'node:path';
import { buildLibrary, buildSamples, samples } from './builds.mjs';
import { root, runStep, StepFailed } from './run-step.mjs';

const [action] = process.argv.slice(2);
const tsc = join(root, 'node_modules/typescript/bin/tsc');

try {
  if (action === 'build') {
    buildLibrary();
    buildSamples();
  } else if (action === 'typecheck') {
    if (samples().length > 0) buildLibrary();
    for (const { name, folder } of samples()) {
      runStep(`Checking the sample ${name}`, process.execPath, [tsc, '-p', folder, '--noEmit']);
    }
  } else {
    throw new StepFailed('Usage: node .ci/samples.mjs build|typecheck');
  }
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}
