import type { ListedTask, ListOptions, TaskQueueAdmin, TaskState } from '../../lib/index.js';

/** All tasks that a list shows, page by page. @param between is done between two pages */
export async function listAll(
  admin: TaskQueueAdmin,
  queue: string,
  state: TaskState,
  options: Omit<ListOptions, 'cursor'> = {},
  between: (page: ListedTask[]) => unknown = () => undefined,
): Promise<ListedTask[]> {
  const tasks: ListedTask[] = [];
  let cursor: string | null = null;
  do {
    const page = await admin.list(queue, state, { ...options, cursor });
    tasks.push(...page.tasks);
    cursor = page.cursor;
    if (cursor !== null) await between(page.tasks);
  } while (cursor !== null);
  return tasks;
}
