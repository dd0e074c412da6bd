import { expect, it } from 'vitest';
import { FAULTS } from './suite/faults/index.js';
import { showReport } from './suite/report.js';
import { runChaos } from './suite/run.js';
import { LEASE_MS } from './suite/settings.js';

// A sample of `npm run chaos`: see suite/README.md.
it('nothing is lost, doubled or left over, whatever fails: a short seeded run', async () => {
  const report = await runChaos({
    seed: 1,
    tasks: 1_500,
    workers: 3,
    producers: 2,
    seconds: 10,
    faultEveryMs: 600,
    faults: FAULTS.map(({ name }) => name),
    leaseMs: LEASE_MS,
  });

  if (report.violations.length > 0) console.error(showReport(report));
  expect(report.violations).toEqual([]);
  expect(report.faults.size).toBeGreaterThan(5);
}, 200_000);
