import { text } from 'node:stream/consumers';
import type { AddOptions } from '../../options/add-options.js';
import type { Duration } from '../../options/duration.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { UsageError } from '../usage.error.js';

export const add: Command = {
  name: 'add',
  positionals: '<name> [<json>|-]',
  summary: 'Add a task',
  options: {
    queue: { type: 'string', short: 'q', value: '<queue>', description: 'its queue (default: default)' },
    id: { type: 'string', value: '<id>', description: 'an id of your own: another task of that id is not added' },
    delay: { type: 'string', value: '<span>', description: 'how long it waits first: 500ms, 30s, 15m, 24h, 7d' },
    priority: { type: 'string', value: '<number>', description: '-1000 to 1000 (default: 0)' },
    group: { type: 'string', value: '<group>', description: 'on whose behalf it is done' },
    attempts: { type: 'string', value: '<number>', description: 'how often it is tried' },
  },
  details: 'Data are JSON: the second argument, or with - what comes in. Without, they are null.',

  async run({ args, terminal, output, open }) {
    const [name, given, ...others] = args.some('<name>');
    if (others.length > 0) throw new UsageError('Data are one argument: put quotes around them');
    const options: AddOptions = {
      queue: args.text('queue') ?? 'default',
      id: args.text('id'),
      delay: args.text('delay') as Duration | undefined,
      priority: args.whole('priority', -Infinity),
      group: args.text('group'),
      attempts: args.whole('attempts', 1),
    };
    const data = parseData(given === '-' ? await text(terminal.stdin) : given);
    const { producer } = await open();
    const added = await producer.add(name as string, data, options);
    output.show(added, added.created ? added.id : `${added.id} is there already`);
    return added.created ? EXIT.done : EXIT.notDone;
  },
};

function parseData(json: string | undefined): unknown {
  if (json === undefined) return null;
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Data are no JSON: ${reason}. Text is JSON with quotes around it: '"text"'`);
  }
}
