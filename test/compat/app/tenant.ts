import { Inject, Injectable, Scope } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { TaskContext } from 'nestjs-redis-task-queue';

/** What is made once for each tenant, from what the strategy says of it. */
@Injectable({ scope: Scope.REQUEST, durable: true })
export class Tenant {
  static made = 0;
  readonly number = ++Tenant.made;

  constructor(@Inject(REQUEST) private readonly request: { tenant: string } | TaskContext) {}

  /** Older versions of Nest show the task, and not the payload, to what something request-scoped injects. */
  get name(): string | undefined {
    return this.request instanceof TaskContext ? this.request.group : this.request.tenant;
  }
}

/** The tenant of a task is its group. */
export class ByTenant implements ContextIdStrategy {
  private readonly trees = new Map<string, ContextId>();

  attach(contextId: ContextId, request: unknown) {
    if (!(request instanceof TaskContext) || !request.group) return undefined;
    const tree = this.trees.get(request.group) ?? ContextIdFactory.create();
    this.trees.set(request.group, tree);
    return {
      resolve: ({ isTreeDurable }: HostComponentInfo): ContextId => (isTreeDurable ? tree : contextId),
      payload: { tenant: request.group },
    };
  }
}
