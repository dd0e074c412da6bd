import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { TaskContext, TaskHandler } from 'nestjs-redis-task-queue';
import { QUEUE } from './order.tasks.js';
import { Tenant } from './tenant.js';

/** Made anew for each task. */
@Injectable({ scope: Scope.REQUEST })
export class BillTasks {
  private runs = 0;

  constructor(
    @Inject(REQUEST) private readonly context: TaskContext,
    private readonly tenant: Tenant,
  ) {}

  @TaskHandler('order.bill', { queue: QUEUE })
  bill(_order: unknown, task: TaskContext): object {
    return {
      runs: ++this.runs,
      isItsContext: this.context === task,
      tenant: this.tenant.name,
      number: this.tenant.number,
    };
  }
}
