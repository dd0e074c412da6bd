import { readOptions, USAGE } from './options.js';
import { showReport } from './report.js';
import { runChaos } from './run.js';
import type { RunSettings } from './settings.js';

async function chaos(runs: readonly RunSettings[]): Promise<void> {
  const failed: number[] = [];
  for (const settings of runs) {
    const report = await runChaos(settings);
    console.log(`${showReport(report)}\n`);
    if (report.violations.length > 0) failed.push(settings.seed);
  }
  console.log(`${runs.length - failed.length} of ${runs.length} runs passed`);
  if (failed.length === 0) return;
  console.log(`failed with seed ${failed.join(', ')}`);
  process.exitCode = 1;
}

try {
  const runs = readOptions(process.argv.slice(2));
  if (runs) await chaos(runs);
  else console.log(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
}
