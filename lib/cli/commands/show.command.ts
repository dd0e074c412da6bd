import type { FoundTask } from '../../admin/found-task.js';
import type { TaskLogLine } from '../../status/task-log.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { printable } from '../table.js';

export const show: Command = {
  name: 'show',
  positionals: '<id>',
  summary: 'Show all that is known of a task',
  options: {},

  async run({ args, output, open }) {
    const id = args.only('<id>');
    const { admin, status } = await open();
    const task = await admin.find(id);
    const logs = await status.logs(id);
    if (!task && logs.length === 0) {
      output.show(null, `There is no task ${printable(id)} (any more)`);
      return EXIT.notDone;
    }
    output.show({ ...task, logs }, [...facts(task), ...logs.map(logLine)].join('\n'));
    return EXIT.done;
  },
};

/** What is known, one fact a line. */
function facts(task: FoundTask | null): string[] {
  const known = Object.entries(task ?? {}).filter(([, value]) => !isNothing(value));
  const width = Math.max(0, ...known.map(([name]) => name.length)) + 2;
  return known.map(([name, value]) => `${name.padEnd(width)}${shown(value)}`);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function logLine({ at, attempt, line }: TaskLogLine): string {
  return `${at.toISOString()}  [${attempt}]  ${printable(line)}`;
}
