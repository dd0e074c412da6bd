import { Injectable } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { bareCall, EnhancedHandler, scopedCall, TaskContainer } from './handler-call.js';
import { enhancersOf } from './handler-enhancers.js';
import { HandlerScope } from './handler-scope.js';
import { type HandlerMethod, type HandlerSite, isScoped } from './handler-site.js';

/**
 * Makes of a handler the function that is called for its tasks: once, at start. What stands around the handler is looked up
 * then, and a handler around which nothing stands is called as it is. Only where something is request-scoped or transient the call is
 * put together anew for each task.
 */
@Injectable()
export class TaskHandlerInvoker {
  private readonly globals: ApplicationConfig;
  private readonly container: TaskContainer;
  private readonly scope: HandlerScope;

  constructor(config: ApplicationConfig, modules: ModulesContainer, moduleRef: ModuleRef, settings: TaskQueueSettings) {
    this.globals = settings.globalEnhancers ? config : new ApplicationConfig();
    this.container = new TaskContainer(modules, this.globals);
    this.scope = new HandlerScope(moduleRef, this.globals);
  }

  /** @throws UnsupportedHandlerError */
  create(site: HandlerSite): HandlerMethod {
    const enhancers = enhancersOf(site, this.globals, this.scope);
    const enhanced = enhancers.none ? undefined : new EnhancedHandler(site, enhancers, this.container);
    if (isScoped(site.wrapper) || enhancers.isScoped) return scopedCall(site, this.scope, enhanced);
    return enhanced ? enhanced.callOf(site.instance) : bareCall(site);
  }
}
