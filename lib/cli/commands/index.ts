import type { Command } from '../command.js';
import { add } from './add.command.js';
import { bench } from './bench.command.js';
import { cancel } from './cancel.command.js';
import { completionOf } from './completion.command.js';
import { doctor } from './doctor.command.js';
import { drain } from './drain.command.js';
import { dead, list } from './list.command.js';
import { pause, resume } from './pause.command.js';
import { retry } from './retry.command.js';
import { show } from './show.command.js';
import { stats } from './stats.command.js';
import { workers } from './workers.command.js';

const working = [stats, list, dead, show, add, retry, cancel, pause, resume, drain, workers, doctor, bench];

/** In the order in which the help shows them. */
export const commands: readonly Command[] = [...working, completionOf(working)];
