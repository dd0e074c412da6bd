import { Injectable } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { bareCall, enhancedCall, TaskContainer } from './handler-call.js';
import { enhancersOf } from './handler-enhancers.js';
import type { HandlerMethod, HandlerSite } from './handler-site.js';

/**
 * Makes of a handler the function that is called for its tasks: once, at start. What stands around the handler is looked up
 * then, and a handler around which nothing stands is called as it is.
 */
@Injectable()
export class TaskHandlerInvoker {
  private readonly globals: ApplicationConfig;
  private readonly container: TaskContainer;

  constructor(config: ApplicationConfig, modules: ModulesContainer, settings: TaskQueueSettings) {
    this.globals = settings.globalEnhancers ? config : new ApplicationConfig();
    this.container = new TaskContainer(modules, this.globals);
  }

  /** @throws UnsupportedHandlerError */
  create(site: HandlerSite): HandlerMethod {
    const enhancers = enhancersOf(site, this.globals);
    return enhancers.none ? bareCall(site) : enhancedCall(site, enhancers, this.container);
  }
}
