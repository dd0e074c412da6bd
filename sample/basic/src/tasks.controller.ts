import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { type TaskStatus, TaskStatusService } from 'nestjs-redis-task-queue';

@Controller('tasks')
export class TasksController {
  constructor(private readonly taskStatus: TaskStatusService) {}

  @Get(':id')
  async find(@Param('id') id: string): Promise<TaskStatus> {
    const status = await this.taskStatus.get(id);
    if (!status) throw new NotFoundException(`There is no task "${id}", or its status has expired`);
    // A stack is for those who run the application, not for those who use it.
    return { ...status, error: status.error && { name: status.error.name, message: status.error.message } };
  }
}
