import type { Command } from '../command.js';
import { eachTask } from '../each-task.js';

export const cancel: Command = {
  name: 'cancel',
  positionals: '<id>…',
  summary: 'Call tasks off, also such as run',
  options: {
    reason: { type: 'string', value: '<text>', description: 'stands in their statuses' },
  },

  async run({ args, output, open }) {
    const ids = args.some('<id>');
    const { admin } = await open();
    return eachTask(ids, output, async (id) => {
      const answer = await admin.cancel(id, args.text('reason'));
      if (!answer) return { id, done: false, text: 'there is no such task' };
      const { cancelled, state } = answer;
      if (!cancelled) return { id, done: false, state, text: `is ${state} already` };
      return { id, done: true, state, text: state === 'active' ? 'is told to stop' : 'cancelled' };
    });
  },
};
