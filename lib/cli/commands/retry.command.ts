import type { Command } from '../command.js';
import { eachTask } from '../each-task.js';
import { EXIT } from '../exit-code.js';

export const retry: Command = {
  name: 'retry',
  positionals: '<id>…|--all <queue>',
  summary: 'Put dead letters back into the queue',
  options: {
    all: { type: 'string', value: '<queue>', description: 'all dead letters of that queue' },
    name: { type: 'string', value: '<name>', description: 'of all: those of that task name' },
    error: { type: 'string', value: '<name>', description: 'of all: those that died of an error of that name' },
    rate: { type: 'string', value: '<number>', description: 'of all: so many per second (default: no limit)' },
  },

  async run({ args, output, open }) {
    const queue = args.text('all');
    if (queue !== undefined) {
      args.none();
      const { admin } = await open();
      const filter = { name: args.text('name'), error: args.text('error') };
      const retried = await admin.retryAll(queue, filter, { rate: args.whole('rate', 1) });
      output.show({ queue, retried }, `${retried} put back`);
      return EXIT.done;
    }
    const ids = args.some('<id>');
    const { admin } = await open();
    return eachTask(ids, output, async (id) => {
      const done = await admin.retry(id);
      return { id, done, text: done ? 'waits again' : 'is no dead letter' };
    });
  },
};
