import { Body, Controller, Get, HttpCode, HttpStatus, NotFoundException, Param, Post, UseGuards } from '@nestjs/common';
import {
  type AddedTask,
  TaskProducer,
  TaskScheduler,
  type TaskStatus,
  TaskStatusService,
} from 'nestjs-redis-task-queue';
import { CustomerGuard } from './customer.guard.js';
import type { Order } from './order.js';
import { OrderTasks, PACK, QUEUE, STOCK } from './order.tasks.js';

@Controller()
export class OrdersController {
  constructor(
    private readonly producer: TaskProducer,
    private readonly taskStatus: TaskStatusService,
    private readonly scheduler: TaskScheduler,
    private readonly tasks: OrderTasks,
  ) {}

  @Post('orders')
  @HttpCode(HttpStatus.ACCEPTED)
  @UseGuards(CustomerGuard)
  async order(@Body() order: Order): Promise<AddedTask> {
    return this.producer.add(PACK, order);
  }

  @Get('tasks/:id')
  async find(@Param('id') id: string): Promise<TaskStatus> {
    const status = await this.taskStatus.get(id);
    if (!status) throw new NotFoundException(`There is no task "${id}"`);
    return status;
  }

  @Get('stock')
  async stock(): Promise<{ counts: number; every: unknown }> {
    const schedule = await this.scheduler.get(STOCK, { queue: QUEUE });
    return { counts: this.tasks.counts, every: schedule?.every };
  }
}
