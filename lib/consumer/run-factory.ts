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
import { TaskRun, type TaskRunListener } from './task-run.js';

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
  private readonly handlerSettings = new Map<TaskHandlerEntry, TaskSettings>();

  constructor(private readonly options: RunFactoryOptions) {}

  /** @returns `null` where nobody here can run it */
  make(envelope: Envelope, isMarked: boolean, listener: TaskRunListener): TaskRun | null {
    const { partition, handlers, maxLost } = this.options;
    const handler = envelope.name === null ? undefined : handlers.get(envelope.name);
    if (!handler) return null;
    const settings = this.settingsOf(envelope, handler);
    const wasLost = envelope.lost !== undefined;
    const isSuspect = (envelope.lost ?? 0) >= maxLost;
    const facts = { partition, envelope, handler, settings, isSuspect, mustBeMarked: wasLost };
    return new TaskRun({ ...facts, isMarked: isMarked && !wasLost }, listener);
  }

  /** Most tasks have no options of their own: what their handler's have is worked out once. */
  private settingsOf(envelope: Envelope, handler: TaskHandlerEntry): TaskSettings {
    const own = envelope.options && this.check(envelope.id, envelope.options);
    if (own) return this.options.settingsOf(handler, own);
    let settings = this.handlerSettings.get(handler);
    if (!settings) {
      settings = this.options.settingsOf(handler, undefined);
      this.handlerSettings.set(handler, settings);
    }
    return settings;
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
