import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, ParseIntPipe, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { RetryTask, TaskCtx, type TaskContext, TaskData, TaskHandler, TaskSchedule } from 'nestjs-redis-task-queue';
import { CustomerGuard } from './customer.guard.js';
import { LabelInterceptor } from './label.interceptor.js';
import { SoldOutError, SoldOutFilter } from './sold-out.filter.js';

export const QUEUE = 'orders';
export const PACK = 'order.pack';
export const STOCK = 'stock';

@Injectable()
export class OrderTasks {
  /** How often the stock was counted. */
  counts = 0;

  @TaskHandler(PACK, { queue: QUEUE, attempts: 2 })
  @UseGuards(CustomerGuard)
  @UseInterceptors(LabelInterceptor)
  @UseFilters(SoldOutFilter)
  async pack(
    @TaskData('item') item: string,
    @TaskData('quantity', ParseIntPipe) quantity: number,
    @TaskCtx() task: TaskContext,
  ): Promise<string> {
    if (item === 'ice' && task.attempt === 1) throw new RetryTask({ delay: 10, reason: 'the freezer is full' });
    if (item === 'dodo') throw new SoldOutError(item);
    if (item === 'piano') await sleep(1_000);
    task.progress(100);
    return `${typeof quantity} ${quantity} x ${item}`;
  }

  @TaskHandler('stock.count', { queue: QUEUE })
  @TaskSchedule({ every: '1s' }, { name: STOCK })
  count(): void {
    this.counts++;
  }
}
