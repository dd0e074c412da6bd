import type { ExceptionFilter } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig } from '@nestjs/core';
import { UnsupportedHandlerError } from '../errors/index.js';
import { decoratedParameters } from './handler-arguments.js';
import { classesOf, type HandlerSite } from './handler-site.js';

/** What stands around a handler, from the outside in: of the application, of its class, of the method. */
export interface HandlerEnhancers {
  /** There is nothing at all, parameter decorators included. */
  readonly none: boolean;
  readonly hasPipes: boolean;
  readonly filters: ExceptionFilter[];
}

/**
 * What is global is taken as it is when the application starts, as it is for routes.
 * @throws UnsupportedHandlerError where Nest would leave out a guard, pipe, interceptor or filter without a word, or call one
 * whose constructor never ran
 */
export function enhancersOf(site: HandlerSite, globals: ApplicationConfig): HandlerEnhancers {
  refuseScopedGlobals(site, globals);
  const parameters = decoratedParameters(site);
  const guards = declared(site, GUARDS_METADATA, globals.getGlobalGuards());
  const interceptors = declared(site, INTERCEPTORS_METADATA, globals.getGlobalInterceptors());
  const pipes = declared(site, PIPES_METADATA, globals.getGlobalPipes());
  const filters = declared(site, EXCEPTION_FILTERS_METADATA, globals.getGlobalFilters());
  for (const enhancer of [...guards, ...interceptors, ...pipes, ...parameters.flatMap(({ pipes = [] }) => pipes)]) {
    instanceOf(site, enhancer);
  }
  return {
    none: [guards, interceptors, pipes, filters, parameters].every(({ length }) => length === 0),
    hasPipes: pipes.length > 0,
    filters: filters.map((filter) => instanceOf(site, filter) as ExceptionFilter),
  };
}

/** Instances and classes, those of the application first. */
function declared(site: HandlerSite, key: string, globals: unknown[]): unknown[] {
  const onClass = classesOf(site).map((type) => Reflect.getMetadata(key, type) as unknown[] | undefined);
  const onMethod = Reflect.getMetadata(key, site.method) as unknown[] | undefined;
  return [...globals, ...(onClass.find((list) => list !== undefined) ?? []), ...(onMethod ?? [])].filter(Boolean);
}

/** What Nest has made of an enhancer that is given as a class. */
function instanceOf({ wrapper, origin }: HandlerSite, enhancer: unknown): unknown {
  if (typeof enhancer !== 'function') return enhancer;
  const made = wrapper.host?.injectables.get(enhancer);
  if (!made) {
    const why = `Nest has made no ${enhancer.name} for it, as for nothing that a factory or a value provides`;
    throw new UnsupportedHandlerError(origin, `${why}: write new ${enhancer.name}(…), or provide its class`);
  }
  if (made.isTransient || !made.isDependencyTreeStatic()) {
    throw new UnsupportedHandlerError(origin, `its ${enhancer.name} is request-scoped or transient`);
  }
  return made.instance;
}

/** They wait for a request that makes them: for a task there is none yet. */
function refuseScopedGlobals({ origin }: HandlerSite, globals: ApplicationConfig): void {
  const [first] = [
    ...globals.getGlobalRequestGuards(),
    ...globals.getGlobalRequestInterceptors(),
    ...globals.getGlobalRequestPipes(),
    ...globals.getGlobalRequestFilters(),
  ];
  if (!first) return;
  const name = String(first.metatype?.name ?? first.name);
  const why = `the global ${name} is request-scoped or transient`;
  throw new UnsupportedHandlerError(origin, `${why}; globalEnhancers: false keeps what is global away from tasks`);
}
