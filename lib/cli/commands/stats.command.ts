import { setTimeout as delay } from 'node:timers/promises';
import type { QueueCounts } from '../../broker/queue-readings.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import type { Session } from '../session.js';
import type { Column } from '../table.js';
import { span } from '../text.js';

interface QueueStats extends QueueCounts {
  queue: string;
  oldestWaitingMs: number | null;
  scheduledLagMs: number | null;
}

const SECOND = 1_000;

const COLUMNS: readonly Column<QueueStats>[] = [
  { title: 'QUEUE', of: ({ queue, paused }) => (paused ? `${queue} (paused)` : queue) },
  { title: 'WAITING', of: ({ waiting }) => waiting, align: 'right' },
  { title: 'OLDEST', of: ({ oldestWaitingMs }) => oldestWaitingMs && span(oldestWaitingMs), align: 'right' },
  { title: 'ACTIVE', of: ({ active }) => active, align: 'right' },
  { title: 'SCHEDULED', of: ({ scheduled }) => scheduled, align: 'right' },
  { title: 'RETRYING', of: ({ retrying }) => retrying, align: 'right' },
  { title: 'FAILED', of: ({ failed }) => failed, align: 'right' },
  { title: 'DONE/MIN', of: ({ completedPerMinute }) => completedPerMinute, align: 'right' },
  { title: 'FAILED/MIN', of: ({ failedPerMinute }) => failedPerMinute, align: 'right' },
];

export const stats: Command = {
  name: 'stats',
  positionals: '[<queue>]',
  summary: 'Count what waits, runs and has failed',
  options: { watch: { type: 'boolean', short: 'w', description: 'again and again, every 2 seconds' } },

  async run({ args, output, open, terminal }) {
    const queue = args.atMostOne('<queue>');
    const session = await open();
    for (;;) {
      const rows = await read(session, queue === undefined ? await session.monitor.queues() : [queue]);
      if (args.flag('watch') && terminal.columns !== undefined && !output.isJson) terminal.out(CLEAR);
      output.rows(rows, COLUMNS, rows, 'No worker has worked on a queue here yet: name one');
      if (!args.flag('watch')) return EXIT.done;
      try {
        await delay(2 * SECOND, undefined, { signal: terminal.signal });
      } catch {
        return EXIT.done;
      }
    }
  },
};

const CLEAR = '\u001b[H\u001b[2J';

async function read({ monitor }: Session, queues: readonly string[]): Promise<QueueStats[]> {
  return Promise.all(
    queues.map(async (queue) => {
      const [counts, latency] = await Promise.all([monitor.counts(queue), monitor.latency(queue)]);
      return { queue, ...counts, ...latency };
    }),
  );
}
