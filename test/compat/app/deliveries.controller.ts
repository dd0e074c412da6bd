import { BadRequestException, Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { InvalidTaskDataError, TaskProducer, TaskStatusService } from 'nestjs-redis-task-queue';
import { DELIVER, type Delivery, type Receipt } from './delivery.js';
import { QUEUE } from './order.tasks.js';

@Controller()
export class DeliveriesController {
  constructor(
    private readonly producer: TaskProducer,
    private readonly taskStatus: TaskStatusService,
  ) {}

  @Post('deliveries')
  @HttpCode(HttpStatus.OK)
  async deliver(@Body() delivery: Omit<Delivery, 'label'>): Promise<Receipt> {
    try {
      const { id } = await this.producer.add(DELIVER, delivery);
      return await this.taskStatus.wait(DELIVER, id, { timeout: '10s' });
    } catch (error) {
      throw error instanceof InvalidTaskDataError ? new BadRequestException(error.issues) : error;
    }
  }

  /** Adds a task for a tenant, and waits for its end. */
  @Post('tenants/:tenant/:task')
  @HttpCode(HttpStatus.OK)
  async run(@Param('tenant') tenant: string, @Param('task') task: string): Promise<{ id: string; result: unknown }> {
    const { id } = await this.producer.add(task, null, { queue: QUEUE, group: tenant });
    return { id, result: await this.taskStatus.wait(id, { timeout: '10s' }) };
  }
}
