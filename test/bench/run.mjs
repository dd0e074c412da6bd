/** `npm run bench -- [options]`: prepares what is missing, then runs the benchmark. Options: see `options.ts`. */
import { StepFailed } from '../../.ci/run-step.mjs';
import { prepare } from './prepare.mjs';

try {
  prepare();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}

// Only now: it needs what was just installed.
await import('../support/typescript/register.mjs');
await import('./bench.ts');
