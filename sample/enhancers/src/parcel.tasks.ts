import { Injectable, UseFilters, UseGuards, UseInterceptors, UsePipes, ValidationPipe } from '@nestjs/common';
import { TaskCtx, type TaskContext, TaskData, TaskHandler } from 'nestjs-redis-task-queue';
import { CourierFilter, NoCourierError } from './courier.filter.js';
import { Parcel } from './parcel.js';
import { SenderGuard } from './sender.guard.js';
import { StopwatchInterceptor } from './stopwatch.interceptor.js';

export const SEND_PARCEL = 'parcel.send';

@Injectable()
@UseGuards(SenderGuard)
@UseInterceptors(StopwatchInterceptor)
@UsePipes(new ValidationPipe({ whitelist: true }))
@UseFilters(CourierFilter)
export class ParcelTasks {
  /** Only pretends to send. What is far away finds no courier at first. */
  @TaskHandler(SEND_PARCEL, { attempts: 3 })
  send(@TaskData() { to, kilograms }: Parcel, @TaskCtx() task: TaskContext): string {
    if (to === 'Svalbard' && task.attempt === 1) throw new NoCourierError(to);
    return `${kilograms} kg on their way to ${to} at attempt ${task.attempt}`;
  }
}
