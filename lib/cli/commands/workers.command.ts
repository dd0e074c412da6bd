import type { WorkerInfo } from '../../monitor/worker-info.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { Column } from '../table.js';
import { shortTime } from '../text.js';

const COLUMNS: readonly Column<WorkerInfo>[] = [
  { title: 'WORKER', of: ({ id }) => id },
  { title: 'HOST', of: ({ host }) => host },
  { title: 'PID', of: ({ pid }) => pid, align: 'right' },
  { title: 'VERSION', of: ({ version }) => version },
  { title: 'QUEUES', of: ({ queues }) => queues.join(', ') },
  { title: 'BUSY', of: ({ busyCount }) => busyCount, align: 'right' },
  { title: 'LAST BEAT', of: ({ lastBeat }) => shortTime(lastBeat) },
  { title: 'LOOP MS', of: ({ eventLoopDelayMs }) => eventLoopDelayMs.p99.toFixed(1), align: 'right' },
];

export const workers: Command = {
  name: 'workers',
  positionals: '[<queue>]',
  summary: 'List the workers, and how busy they are',
  options: {},

  async run({ args, output, open }) {
    const queue = args.atMostOne('<queue>');
    const { monitor } = await open();
    const found = await monitor.workers(queue);
    output.rows(found, COLUMNS, found, 'None');
    return EXIT.done;
  },
};
