import type { ListedTask } from '../../admin/task-list.js';
import { TASK_STATES, type TaskState } from '../../broker/task-state.js';
import type { OptionSpecs } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import type { Column } from '../table.js';
import { shortJson, shortTime } from '../text.js';

const PAGING: OptionSpecs = {
  limit: { type: 'string', short: 'n', value: '<number>', description: 'how many at most (default: 20)' },
  cursor: { type: 'string', value: '<cursor>', description: 'goes on where a list before has ended' },
  name: { type: 'string', value: '<name>', description: 'only tasks of that name' },
  search: { type: 'string', value: '<text>', description: 'only tasks in whose id, name or data that text stands' },
};

const ID: Column<ListedTask> = { title: 'ID', of: ({ id }) => id };
const NAME: Column<ListedTask> = { title: 'NAME', of: ({ name }) => name };
const ATTEMPT: Column<ListedTask> = { title: 'ATTEMPT', of: ({ attempt }) => attempt, align: 'right' };
const DATA: Column<ListedTask> = { title: 'DATA', of: ({ data }) => shortJson(data) };

const COLUMNS: readonly Column<ListedTask>[] = [
  ID,
  NAME,
  ATTEMPT,
  { title: 'ADDED', of: ({ createdAt }) => shortTime(createdAt) },
  { title: 'DUE', of: ({ dueAt }) => shortTime(dueAt) },
  DATA,
];

const DEAD_COLUMNS: readonly Column<ListedTask>[] = [
  ID,
  NAME,
  ATTEMPT,
  { title: 'DIED', of: ({ finishedAt }) => shortTime(finishedAt) },
  { title: 'ERROR', of: ({ error }) => error && `${error.name}: ${error.message}` },
  DATA,
];

export const list: Command = {
  name: 'list',
  positionals: '<queue>',
  summary: 'List tasks of a queue',
  options: {
    state: { type: 'string', short: 's', value: '<state>', description: 'the state they are in (default: waiting)' },
    ...PAGING,
  },
  details: `States: ${TASK_STATES.join(', ')}.`,

  async run(invocation) {
    return page(invocation, invocation.args.word('state', TASK_STATES) ?? 'waiting', COLUMNS);
  },
};

export const dead: Command = {
  name: 'dead',
  positionals: '<queue>',
  summary: 'List dead letters, and why they died',
  options: PAGING,

  async run(invocation) {
    return page(invocation, 'failed', DEAD_COLUMNS);
  },
};

async function page(
  { args, output, open }: Invocation,
  state: TaskState,
  columns: readonly Column<ListedTask>[],
): Promise<ExitCode> {
  const queue = args.only('<queue>');
  const limit = args.whole('limit', 1) ?? 20;
  const { admin } = await open();
  const options = { limit, cursor: args.text('cursor'), name: args.text('name'), search: args.text('search') };
  const found = await admin.list(queue, state, options);
  output.rows(found, columns, found.tasks, found.cursor ? 'None so far' : 'None');
  if (found.cursor && !output.isJson) output.note(`There may be more: --cursor ${found.cursor}`);
  return EXIT.done;
}
