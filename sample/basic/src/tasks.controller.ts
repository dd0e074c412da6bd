import { Controller, Get, type MessageEvent, NotFoundException, Param, Sse } from '@nestjs/common';
import { type TaskLogLine, type TaskStatus, TaskStatusService } from 'nestjs-redis-task-queue';
import { map, type Observable } from 'rxjs';

@Controller('tasks')
export class TasksController {
  constructor(private readonly taskStatus: TaskStatusService) {}

  @Get(':id')
  async find(@Param('id') id: string): Promise<TaskStatus> {
    const status = await this.taskStatus.get(id);
    if (!status) throw new NotFoundException(`There is no task "${id}", or its status has expired`);
    return forUsers(status);
  }

  /** The same as server-sent events: now, then each change, until the task has ended. */
  @Sse(':id/events')
  async events(@Param('id') id: string): Promise<Observable<MessageEvent>> {
    await this.find(id);
    return this.taskStatus.watch(id).pipe(map((status) => ({ data: forUsers(status) })));
  }

  @Get(':id/logs')
  async logs(@Param('id') id: string): Promise<TaskLogLine[]> {
    return this.taskStatus.logs(id);
  }
}

/** A stack is for those who run the application, not for those who use it. */
function forUsers(status: TaskStatus): TaskStatus {
  return { ...status, error: status.error && { name: status.error.name, message: status.error.message } };
}
