import { type ApplicationConfig, type ContextId, ContextIdFactory, type ModuleRef } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import type { HandlerContext } from '../handler/handler-context.js';
import type { HandlerSite, Wrapper } from './handler-site.js';

/** What was made for one call. */
export interface ScopedCall {
  instance: object;
  contextId: ContextId;
}

/**
 * Makes what is request-scoped or transient of a handler, and of what stands around it, for one call: as Nest does it for a request,
 * which here is the context of the task, or the contexts of a batch. Durable providers are those of the tree that the application's
 * `ContextIdStrategy` chooses. Nothing but the call refers to the rest.
 */
export class HandlerScope {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly globals: ApplicationConfig,
  ) {}

  /** There is something global that waits for a request which makes it. */
  get hasGlobals(): boolean {
    return this.globalEnhancers().length > 0;
  }

  /** @throws whatever their constructors and factories throw, or the strategy */
  async enter({ wrapper, instance: placeholder }: HandlerSite, context: HandlerContext): Promise<ScopedCall> {
    const host = wrapper.host as NonNullable<Wrapper['host']>;
    const contextId = ContextIdFactory.getByRequest(context);
    Object.defineProperty(context, REQUEST_CONTEXT_ID, { value: contextId });
    this.moduleRef.registerRequestByContextId(
      wrapper.isDependencyTreeDurable() ? contextId.payload : context,
      contextId,
    );
    const home = host.controllers.get(wrapper.token) === wrapper ? host.controllers : host.providers;
    const injector = this.moduleRef['injector'];
    const instance = await injector.loadPerContext(placeholder, host, home, contextId, wrapper);
    const globals = { getEnhancersMetadata: () => this.globalEnhancers() } as Wrapper;
    await injector.loadEnhancersPerContext(globals, contextId, wrapper);
    return { instance, contextId };
  }

  private globalEnhancers(): Wrapper[] {
    return [
      ...this.globals.getGlobalRequestGuards(),
      ...this.globals.getGlobalRequestInterceptors(),
      ...this.globals.getGlobalRequestPipes(),
      ...this.globals.getGlobalRequestFilters(),
    ];
  }
}
