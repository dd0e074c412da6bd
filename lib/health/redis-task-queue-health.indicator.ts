import { partitionOf } from '../broker/partition.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { settledWithin } from '../consumer/settled-within.js';
import { showError } from '../consumer/task-failure.js';
import type { TaskWorker } from '../consumer/task-worker.js';
import { checkHealthOptions, type TaskQueueHealthOptions } from './health-options.js';
import { problemsOf, type QueueHealth } from './queue-health.js';

/** How long a check takes at most. */
const CHECK_MS = 2_000;

/** What a check says. */
export interface TaskQueueHealth {
  status: 'up' | 'down';
  /** What is wrong; not there where nothing is. */
  message?: string;
  redis: 'up' | 'down';
  queues: Record<string, QueueHealth>;
}

/** As indicators of `@nestjs/terminus` answer: what a check says, under its key. */
export type TaskQueueHealthResult<Key extends string = string> = Record<Key, TaskQueueHealth>;

/** What Redis has said so far. */
interface Answers {
  /** Why it cannot be used; `null` if it can. */
  trouble: string | null;
  longestWaits: Map<string, number | null>;
}

/**
 * A health indicator for `@nestjs/terminus`, of which it needs nothing but the form of its answer. Red where Redis is away or takes
 * no tasks, where the loop of a queue has not turned for longer than its lease, and where a task has been waiting for longer than
 * `maxWaiting`.
 *
 * @example
 * \@Get('health') \@HealthCheck()
 * check() {
 *   return this.health.check([() => this.tasks.isHealthy('tasks', { maxWaiting: '5m' })]);
 * }
 */
export class RedisTaskQueueHealthIndicator {
  constructor(
    private readonly broker: TaskBroker,
    private readonly worker: TaskWorker,
  ) {}

  /**
   * Answers within 2 s, whatever the state of Redis. Costs it a command, and one script for each queue.
   * @param key what the check is called in the answer
   * @throws InvalidOptionsError
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: TaskQueueHealthOptions = {},
  ): Promise<TaskQueueHealthResult<Key>> {
    const { maxWaitingMs, queues = this.worker.queues } = checkHealthOptions(options);
    const { trouble, longestWaits } = await this.ask(queues);
    const { silences } = this.worker;
    const problems = trouble === null ? [] : [`Redis cannot be used: ${trouble}`];
    const found = queues.map((queue): [string, QueueHealth] => {
      const silence = silences.get(queue);
      const silentMs = silence ? Math.round(silence.ms) : null;
      const longestWaitMs = longestWaits.get(queue) ?? null;
      const bounds = { maxSilentMs: silence?.maxMs ?? Infinity, maxWaitingMs };
      const wrong = problemsOf(queue, { silentMs, longestWaitMs }, bounds);
      problems.push(...wrong);
      return [queue, { status: upIf(wrong.length === 0), silentMs, longestWaitMs }];
    });
    const health: TaskQueueHealth = {
      status: upIf(problems.length === 0),
      ...(problems.length > 0 && { message: problems.join('; ') }),
      redis: upIf(trouble === null),
      queues: Object.fromEntries(found),
    };
    return { [key]: health } as TaskQueueHealthResult<Key>;
  }

  private async ask(queues: readonly string[]): Promise<Answers> {
    const answers: Answers = { trouble: `no answer within ${CHECK_MS} ms`, longestWaits: new Map() };
    const askOf = async (queue: string): Promise<void> => {
      answers.longestWaits.set(queue, await this.broker.readings.longestWait(partitionOf(queue)));
    };
    const all = Promise.allSettled([this.broker.probe(), ...queues.map(askOf)]).then((ends) => {
      const failed = ends.find((end) => end.status === 'rejected');
      answers.trouble = failed ? showError(failed.reason) : null;
    });
    await settledWithin(all, CHECK_MS);
    return answers;
  }
}

function upIf(isGood: boolean): 'up' | 'down' {
  return isGood ? 'up' : 'down';
}
