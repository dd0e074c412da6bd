import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { TaskProducer, type TaskStatus, TaskStatusService } from 'nestjs-redis-task-queue';
import { DIGEST_FILE, type FileToDigest } from './digest.tasks.js';

/** How many statuses one look reads. */
const PAGE = 500;
const PAUSE_MS = 100;

/** What became of a task; `null` if its status is gone, because somebody emptied Redis meanwhile. */
export type Outcome = TaskStatus | null;

/** Adds the tasks, and follows them to their end. */
@Injectable()
export class FileDigests {
  constructor(
    private readonly producer: TaskProducer,
    private readonly taskStatus: TaskStatusService,
  ) {}

  /** Adds one task per file. @returns their ids, in the order of the paths */
  async add(paths: readonly string[]): Promise<string[]> {
    const rows = paths.map((path) => ({ name: DIGEST_FILE, data: { path } satisfies FileToDigest }));
    const added = await this.producer.addBulk(rows);
    return added.map(({ id }) => id);
  }

  /**
   * Looks at the tasks that were added first and are not done yet, since a queue is first in, first out: so each look
   * costs Redis the same, however many tasks there are.
   *
   * @returns the outcomes by id, once all tasks are done
   * @throws the reason of the signal, soon after that was aborted
   */
  async outcomes(
    ids: readonly string[],
    onDone: (count: number) => void,
    signal: AbortSignal,
  ): Promise<Map<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    let looked = 0;
    let page: string[] = [];
    while (outcomes.size < ids.length) {
      signal.throwIfAborted();
      const more = ids.slice(looked, looked + PAGE - page.length);
      looked += more.length;
      page.push(...more);

      const statuses = await this.taskStatus.getMany(page);
      page = page.filter((id, index) => {
        const status = statuses[index] ?? null;
        if (status && !isDone(status)) return true;
        outcomes.set(id, status);
        return false;
      });
      onDone(outcomes.size);
      if (page.length > 0) await sleep(PAUSE_MS);
    }
    return outcomes;
  }
}

function isDone({ state }: TaskStatus): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}
