import { writeFile } from 'node:fs/promises';
import { readOptions, USAGE } from './options.js';
import { summaryTable } from './report.js';
import { soak } from './soak.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
  } else {
    const report = await soak(options);
    const { added, done, cancels, samples, summary, problems } = report;
    console.log(`\n${summaryTable(summary)}\n`);
    console.log(`${done} of ${added} tasks ended once and as they are meant to`);
    console.log(`${cancels.cancelled} were called off, ${cancels.notCancelled} had ended before`);
    console.log(`${samples.at(-1)?.logLines ?? 0} lines in the log that were not planned`);
    for (const problem of problems) console.log(`✗ ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
