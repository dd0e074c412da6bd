import type { TaskState, TaskStatus, TaskStatusService } from '../../lib/index.js';
import { eventually } from './eventually.js';

/** Waits until the task is in this state, and returns its status. */
export async function reaches(service: TaskStatusService, id: string, state: TaskState): Promise<TaskStatus> {
  return eventually(
    async () => {
      const status = await service.get(id);
      if (status?.state !== state) throw new Error(`It is ${JSON.stringify(status)}`);
      return status;
    },
    { what: `That ${id} is ${state}` },
  );
}
