import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';

export const drain: Command = {
  name: 'drain',
  positionals: '<queue>',
  summary: 'Drop what waits in a queue',
  options: {
    scheduled: { type: 'boolean', description: 'also what waits for its time' },
    'dry-run': { type: 'boolean', description: 'only count' },
  },
  details: 'Each of these tasks ends as cancelled, because it was drained.',

  async run({ args, output, open, confirm, terminal }) {
    const queue = args.only('<queue>');
    const [scheduled, dryRun] = [args.flag('scheduled'), args.flag('dry-run')];
    const what = scheduled ? 'all that waits, for its time too,' : 'all that waits';
    if (!dryRun && !(await confirm(`Drop ${what} in ${queue}?`))) return EXIT.notDone;
    const { admin } = await open();
    const report = await admin.drain(queue, { scheduled, dryRun, signal: terminal.signal });
    output.show(report, `${report.done} ${dryRun ? 'would be dropped' : 'dropped'}`);
    return EXIT.done;
  },
};
