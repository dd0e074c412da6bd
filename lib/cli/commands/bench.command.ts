import { randomUUID } from 'node:crypto';
import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { runBench } from '../bench.js';

export const bench: Command = {
  name: 'bench',
  positionals: '',
  summary: 'Measure how fast Redis and this machine are',
  options: {
    tasks: { type: 'string', value: '<number>', description: 'how many (default: 20000)' },
    concurrency: { type: 'string', value: '<number>', description: 'how many run at once (default: 100)' },
  },
  details: 'Adds tasks that do nothing to a queue of their own, runs them, and removes all traces.',

  async run({ args, output, where, terminal }) {
    args.none();
    const [tasks, concurrency] = [args.whole('tasks', 1) ?? 20_000, args.whole('concurrency', 1) ?? 100];
    const prefix = `${where.prefix ?? ''}bench-${randomUUID().slice(0, 8)}:`;
    const rates = await runBench({ redis: where.redis, prefix }, tasks, concurrency, terminal.signal);
    const { addedPerSecond, completedPerSecond } = rates;
    const text = `added      ${perSecond(addedPerSecond)}\ncompleted  ${perSecond(completedPerSecond)}`;
    output.show({ tasks, concurrency, ...rates }, text);
    return EXIT.done;
  },
};

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')} tasks/s`;
}
