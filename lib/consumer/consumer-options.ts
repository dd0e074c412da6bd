import type { ClaimLimits } from '../broker/claim-limits.js';
import type { LeaseKeeper } from '../broker/lease-keeper.js';
import type { Partition } from '../broker/partition.js';
import type { BeatReply } from '../broker/task-broker.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { TaskEventSource } from '../events/task-event-source.js';
import type { PartialTaskSettings, TaskSettings } from '../options/task-options.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Call } from './call.js';
import type { Consumer } from './consumer.js';
import type { Quarantine } from './quarantine.js';
import type { RunTally } from './run-tally.js';

/** What a worker's loop is told about its queue and its surroundings. */
export interface ConsumerOptions {
  queue: string;
  /** Unique to this start of the worker. */
  workerId: string;
  leaseMs: number;
  settings: QueueSettings;
  /** What bounds all workers of the queue together. */
  limits: ClaimLimits | undefined;
  handlers: ReadonlyMap<string, TaskHandlerEntry>;
  /** How a task is worked on; `own` is what its envelope says. */
  settingsOf: (handler: TaskHandlerEntry, own: PartialTaskSettings | undefined) => TaskSettings;
  /** Renews the lease while the event loop is blocked. */
  keeper: LeaseKeeper | undefined;
  /** Shared by all loops of the process. */
  quarantine: Quarantine;
  /** Called after every turn: the consumer may have begun to sleep, or to be busy. */
  onTurn: (consumer: Consumer) => void;
  /** Called whenever Redis has answered a beat. */
  onBeat: (partition: Partition, reply: BeatReply) => void;
  /** Called whenever a handler has ended. */
  onEnded: (call: Call) => void;
  /** Called once everything has ended, before Redis forgets this worker. */
  onLeaving: (consumer: Consumer) => Promise<void>;
  events: TaskEventSource;
  tally: RunTally;
  telemetry: Telemetry | undefined;
}
