import type { TaskStatus, TaskStatusService } from '../../lib/index.js';
import { eventually } from './eventually.js';

/** Waits until all of these tasks are completed, and returns their statuses. */
export async function allCompleted(
  status: TaskStatusService,
  ids: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<TaskStatus[]> {
  const condition = async (): Promise<TaskStatus[]> => {
    const statuses = (await status.getMany(ids)).filter((each) => each !== null);
    const open = statuses.filter(({ state }) => state !== 'completed');
    if (statuses.length < ids.length) throw new Error(`${ids.length - statuses.length} tasks have no status`);
    if (open.length > 0) throw new Error(`${open.length} are not, such as ${JSON.stringify(open[0])}`);
    return statuses;
  };
  return eventually(condition, { everyMs: 25, what: `That all ${ids.length} tasks are completed`, ...options });
}
