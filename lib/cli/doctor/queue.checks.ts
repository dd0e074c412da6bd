import type { DamageReport } from '../../admin/repair-report.js';
import { type Check, type Finding, ok, problem, warning } from './finding.js';

/** What contradicts itself in a queue, keys without a task included. */
export const checkConsistency: Check = async ({ admin }, queues) => {
  const findings: Finding[] = [];
  for (const queue of queues) {
    const { isClean, damages } = await admin.repair(queue, { dryRun: true });
    const check = `queue ${queue}`;
    findings.push(
      isClean ? ok(check, 'consistent') : problem(check, `${damages.map(show).join(', ')}: see TaskQueueAdmin.repair`),
    );
  }
  return findings;
};

/** Whether anybody comes for what waits. */
export const checkWorkers: Check = async ({ monitor }, queues) => {
  const findings: Finding[] = [];
  for (const queue of queues) {
    const { waiting, paused } = await monitor.counts(queue);
    const workers = await monitor.workers(queue);
    const check = `workers ${queue}`;
    if (paused) findings.push(warning(check, `paused, ${waiting} waiting`));
    else if (workers.length === 0 && waiting > 0) findings.push(warning(check, `${waiting} waiting, and no worker`));
    else findings.push(ok(check, `${workers.length}`));
  }
  return findings;
};

function show({ kind, found, examples }: DamageReport): string {
  return `${found} × ${kind} (${examples.slice(0, 3).join(', ')})`;
}
