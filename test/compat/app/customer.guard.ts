import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { isTaskContext } from 'nestjs-redis-task-queue';
import type { Order } from './order.js';

/** Serves requests and tasks: strangers may order, but nothing is packed for them. */
@Injectable()
export class CustomerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!isTaskContext(context)) return context.getType() === 'http';
    return context.getArgByIndex<Order>(0).customer !== 'stranger';
  }
}
