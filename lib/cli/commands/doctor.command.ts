import type { Command } from '../command.js';
import type { Check, Finding } from '../doctor/finding.js';
import { checkConsistency, checkWorkers } from '../doctor/queue.checks.js';
import { checkLatency, checkServer } from '../doctor/server.checks.js';
import { EXIT } from '../exit-code.js';
import type { Column } from '../table.js';

const CHECKS: readonly Check[] = [checkServer, checkLatency, checkWorkers, checkConsistency];
const SIGNS = { ok: 'ok', warning: 'WARN', problem: 'FAIL' };

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'CHECK', of: ({ check }) => check },
  { title: '', of: ({ level }) => SIGNS[level] },
  { title: 'FOUND', of: ({ text }) => text },
];

export const doctor: Command = {
  name: 'doctor',
  positionals: '[<queue>…]',
  summary: 'Check Redis, queues and workers',
  options: {},
  details: 'Changes nothing, but reads everything that the queues hold. Exit code 1 if anything fails.',

  async run({ args, output, open }) {
    const session = await open();
    const queues = args.positionals.length > 0 ? args.positionals : await session.monitor.queues();
    const findings: Finding[] = [];
    for (const check of CHECKS) findings.push(...(await check(session, queues)));
    const isWell = findings.every(({ level }) => level !== 'problem');
    output.rows({ isWell, findings }, COLUMNS, findings, '');
    return isWell ? EXIT.done : EXIT.notDone;
  },
};
