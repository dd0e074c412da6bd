import {
  type ApplicationConfig,
  type ContextId,
  ExternalContextCreator,
  type ModulesContainer,
  NestContainer,
} from '@nestjs/core';
import type { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import { lastOf, untilOver } from '../consumer/observed.js';
import { TASK_CTX } from '../decorators/task-ctx.decorator.js';
import { type HandlerContext, throwIfOver } from '../handler/handler-context.js';
import { TASK_CONTEXT_TYPE } from '../handler/task-host.js';
import { argumentsKey, batchArguments, taskArguments } from './handler-arguments.js';
import type { HandlerEnhancers } from './handler-enhancers.js';
import { HandlerFilters } from './handler-filters.js';
import { HandlerRejections } from './handler-rejections.js';
import type { HandlerScope } from './handler-scope.js';
import type { HandlerMethod, HandlerSite } from './handler-site.js';

/** The modules of the application, with what is to be global for tasks. */
export class TaskContainer extends NestContainer {
  constructor(
    private readonly ofApplication: ModulesContainer,
    globals: ApplicationConfig,
  ) {
    super(globals);
  }

  override getModules(): ModulesContainer {
    return this.ofApplication;
  }
}

/** A call of a handler around which nothing stands. */
export function bareCall({ instance, method }: HandlerSite): HandlerMethod {
  return (data, context) => method.call(instance, data, context);
}

/** Puts calls of a handler through its guards, interceptors, pipes and filters together. */
export class EnhancedHandler {
  private readonly rejections = new HandlerRejections();
  private readonly creator: ExternalContextCreator;

  constructor(
    private readonly site: HandlerSite,
    private readonly enhancers: HandlerEnhancers,
    container: TaskContainer,
  ) {
    this.creator = creatorFor(site, container, this.rejections);
  }

  /** @param contextId for which the instance, and what stands around it, was made; nothing if all of it is static */
  callOf(instance: object, contextId?: ContextId): HandlerMethod {
    const { site, creator, rejections } = this;
    const inquirerId = contextId && site.wrapper.id;
    const call = creator.create(
      instance,
      site.method as (...args: unknown[]) => unknown,
      site.key,
      argumentsKey(site, this.enhancers.hasPipes),
      site.takesBatches ? batchArguments : taskArguments,
      contextId,
      inquirerId,
      { guards: true, interceptors: true, filters: false },
      TASK_CONTEXT_TYPE,
    ) as (data: unknown, context: HandlerContext) => Promise<unknown>;
    const filters = HandlerFilters.of(site, creator, instance, contextId, inquirerId);

    return async (data, context) => {
      try {
        try {
          return await lastOf(await call(data, context), context);
        } catch (thrown) {
          return await filters.handle(thrown, data, context);
        }
      } catch (thrown) {
        throw rejections.verdict(context, thrown);
      }
    };
  }
}

/** A call of a handler for which Nest makes something anew each time. What goes wrong with that fails the attempt. */
export function scopedCall(
  site: HandlerSite,
  scope: HandlerScope,
  enhanced: EnhancedHandler | undefined,
): HandlerMethod {
  return async (data, context) => {
    const { instance, contextId } = await scope.enter(site, context);
    throwIfOver(context);
    const call = enhanced ? enhanced.callOf(instance, contextId) : bareCall({ ...site, instance });
    return call(data, context);
  };
}

/** Nest's creator with what tasks need different. One for each handler, since it is told of the handler's module. */
function creatorFor(
  site: HandlerSite,
  container: TaskContainer,
  rejections: HandlerRejections,
): ExternalContextCreator {
  const creator = ExternalContextCreator.fromContainer(container);
  const interceptors = creator['interceptorsConsumer'] as InterceptorsConsumer;
  const intercept = interceptors.intercept.bind(interceptors);
  const createGuards = creator.createGuardsFn.bind(creator);
  const createPipes = creator.createPipesFn.bind(creator);

  // It does not look among controllers, and would leave out the guards of one without a word.
  creator.getContextModuleKey = () => site.wrapper.host?.token ?? '';
  creator.transformToResult = async (result: unknown) => result;
  interceptors.intercept = (around, args, instance, callback, next, type) =>
    intercept(around, args, instance, callback, async () => untilOver(await next(), args[1] as HandlerContext), type);
  creator.createGuardsFn = (...given) => {
    const activate = createGuards(...given) as ((args: unknown[]) => Promise<void>) | null;
    if (!activate) return null;
    return async (args: [unknown, HandlerContext]) => {
      await rejections.watch('guard', args[1], () => activate(args));
      throwIfOver(args[1]);
    };
  };
  creator.createPipesFn = (pipes, parameters) => {
    // Whatever an interceptor has waited for: the handler does not begin when it is too late.
    if (parameters.length === 0) {
      return async (args, data, context) => {
        args.push(data, context);
        throwIfOver(context as HandlerContext);
      };
    }
    const contextAt = parameters.filter(({ data }) => data === TASK_CTX).map(({ index }) => index);
    const applyPipes = createPipes(
      pipes,
      parameters.filter(({ data }) => data !== TASK_CTX),
    );
    return async (args, data, context) => {
      for (const index of contextAt) args[index] = context;
      if (applyPipes) await rejections.watch('pipe', context as HandlerContext, () => applyPipes(args, data, context));
      throwIfOver(context as HandlerContext);
    };
  };
  return creator;
}
