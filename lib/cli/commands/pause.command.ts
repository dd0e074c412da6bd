import type { Command } from '../command.js';
import { EXIT } from '../exit-code.js';

export const pause: Command = {
  name: 'pause',
  positionals: '<queue>',
  summary: 'Let no worker begin tasks of a queue',
  options: {},
  details: 'What runs goes on, and tasks can be added. It lasts until resume.',

  async run({ args, output, open }) {
    const queue = args.only('<queue>');
    const { admin } = await open();
    const changed = await admin.pause(queue);
    output.show({ queue, paused: true, changed }, changed ? `${queue} is paused` : `${queue} was paused already`);
    return EXIT.done;
  },
};

export const resume: Command = {
  name: 'resume',
  positionals: '<queue>',
  summary: 'Go on after pause',
  options: {},

  async run({ args, output, open }) {
    const queue = args.only('<queue>');
    const { admin } = await open();
    const changed = await admin.resume(queue);
    output.show({ queue, paused: false, changed }, changed ? `${queue} goes on` : `${queue} was not paused`);
    return EXIT.done;
  },
};
