import type { Logger } from '@nestjs/common';
import type { Envelope, EnvelopeOptions } from '../broker/envelope.js';
import { type Partition, publicId } from '../broker/partition.js';
import { InvalidOptionsError } from '../errors/index.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import {
  checkTaskOptions,
  type PartialTaskSettings,
  type TaskOptions,
  type TaskSettings,
} from '../options/task-options.js';
import { BatchedRun } from './batched-run.js';
import { TaskRun, type TaskRunListener, type TaskRunMode } from './task-run.js';

export interface RunFactoryOptions {
  partition: Partition;
  handlers: ReadonlyMap<string, TaskHandlerEntry>;
  /** How a task is worked on; `own` is what its envelope says. */
  settingsOf: (handler: TaskHandlerEntry, own: PartialTaskSettings | undefined) => TaskSettings;
  /** How often a task may be lost before it is a suspect. */
  maxLost: number;
  logger: Pick<Logger, 'warn'>;
}

/** Makes runs of what a worker has claimed. */
export class RunFactory {
  private readonly modes = new Map<TaskHandlerEntry, TaskRunMode>();

  constructor(private readonly options: RunFactoryOptions) {}

  get handlers(): readonly TaskHandlerEntry[] {
    return [...this.options.handlers.values()];
  }

  /** @returns `null` where nobody here can run it */
  make(envelope: Envelope, isMarked: boolean, listener: TaskRunListener): TaskRun | null {
    const handler = envelope.name === null ? undefined : this.options.handlers.get(envelope.name);
    if (!handler) return null;
    const mode = this.modeOf(envelope, handler);
    const isMarkedNow = isMarked && envelope.lost === undefined;
    if (handler.batch) return new BatchedRun(envelope, mode, isMarkedNow, listener);
    return new TaskRun(envelope, mode, isMarkedNow, listener);
  }

  /** Most tasks have no options of their own: what their handler's have is worked out once. */
  private modeOf(envelope: Envelope, handler: TaskHandlerEntry): TaskRunMode {
    const { partition, settingsOf, maxLost } = this.options;
    const own = envelope.options && this.check(envelope.id, envelope.options);
    if (own) return { partition, handler, settings: settingsOf(handler, own), maxLost };
    let mode = this.modes.get(handler);
    if (!mode) {
      mode = { partition, handler, settings: settingsOf(handler, undefined), maxLost };
      this.modes.set(handler, mode);
    }
    return mode;
  }

  /** Anybody may have written them: what is wrong is told and ignored, for it is no reason not to do the work. */
  private check(id: string, { expiresAt: _, ...own }: EnvelopeOptions): PartialTaskSettings | undefined {
    try {
      return checkTaskOptions(own as TaskOptions);
    } catch (error) {
      if (!(error instanceof InvalidOptionsError)) throw error;
      const title = publicId(this.options.partition, id);
      this.options.logger.warn(`${title}: the options in its envelope are ignored: ${error.message}`);
      return undefined;
    }
  }
}
