import { ExternalContextCreator, type ModulesContainer, NestContainer, type ApplicationConfig } from '@nestjs/core';
import { TASK_CTX } from '../decorators/task-ctx.decorator.js';
import { type HandlerContext, throwIfOver } from '../handler/handler-context.js';
import { TASK_CONTEXT_TYPE } from '../handler/task-host.js';
import { argumentsKey, batchArguments, taskArguments } from './handler-arguments.js';
import type { HandlerEnhancers } from './handler-enhancers.js';
import { HandlerFilters } from './handler-filters.js';
import { HandlerRejections } from './handler-rejections.js';
import type { HandlerMethod, HandlerSite } from './handler-site.js';
import { lastOf } from '../handler/last-of.js';

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

/** A call of a handler through its guards, interceptors, pipes and filters. */
export function enhancedCall(site: HandlerSite, enhancers: HandlerEnhancers, container: TaskContainer): HandlerMethod {
  const rejections = new HandlerRejections();
  const filters = new HandlerFilters(site, enhancers.filters);
  const call = creatorFor(site, container, rejections).create(
    site.instance,
    site.method as (...args: unknown[]) => unknown,
    site.key,
    argumentsKey(site, enhancers.hasPipes),
    site.takesBatches ? batchArguments : taskArguments,
    undefined,
    undefined,
    { guards: true, interceptors: true, filters: false },
    TASK_CONTEXT_TYPE,
  ) as (data: unknown, context: HandlerContext) => Promise<unknown>;

  return async (data, context) => {
    try {
      try {
        return await call(data, context);
      } catch (thrown) {
        return await filters.handle(thrown, data, context);
      }
    } catch (thrown) {
      throw rejections.verdict(context, thrown);
    }
  };
}

/** Nest's creator with what tasks need different. One for each handler, since it is told of the handler's module. */
function creatorFor(
  site: HandlerSite,
  container: TaskContainer,
  rejections: HandlerRejections,
): ExternalContextCreator {
  const creator = ExternalContextCreator.fromContainer(container);
  const createGuards = creator.createGuardsFn.bind(creator);
  const createPipes = creator.createPipesFn.bind(creator);

  // It does not look among controllers, and would leave out the guards of one without a word.
  creator.getContextModuleKey = () => site.wrapper.host?.token ?? '';
  creator.transformToResult = async (result: unknown) => lastOf(result);
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
