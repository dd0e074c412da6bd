import { crash } from './crash.js';
import { cut } from './cut.js';
import type { Fault } from './fault.js';
import { flushScripts } from './flush-scripts.js';
import { hang } from './hang.js';
import { isolate } from './isolate.js';
import { killClients } from './kill-clients.js';
import { lateCommand } from './late-command.js';
import { loseReply } from './lose-reply.js';
import { pause } from './pause.js';
import { producerKill } from './producer-kill.js';
import { restart } from './restart.js';
import { sigkill } from './sigkill.js';
import { sigstop } from './sigstop.js';
import { sigterm } from './sigterm.js';
import { silence } from './silence.js';
import { slowNetwork } from './slow-network.js';

export const FAULTS: readonly Fault[] = [
  sigkill,
  sigstop,
  sigterm,
  producerKill,
  restart,
  crash,
  hang,
  pause,
  killClients,
  flushScripts,
  cut,
  silence,
  isolate,
  loseReply,
  lateCommand,
  slowNetwork,
];
