import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig } from '@nestjs/core';
import { UnsupportedHandlerError } from '../errors/index.js';
import { decoratedParameters } from './handler-arguments.js';
import type { HandlerScope } from './handler-scope.js';
import { classesOf, type HandlerSite, isScoped } from './handler-site.js';

/** What stands around a handler, from the outside in: of the application, of its class, of the method. */
export interface HandlerEnhancers {
  /** There is nothing at all, parameter decorators included. */
  readonly none: boolean;
  readonly hasPipes: boolean;
  /** Some of it is request-scoped or transient: given as a class, or global. */
  readonly isScoped: boolean;
}

/**
 * What is global is taken as it is when the application starts, as it is for routes.
 * @throws UnsupportedHandlerError where Nest would leave out a guard, pipe, interceptor or filter without a word
 */
export function enhancersOf(site: HandlerSite, globals: ApplicationConfig, scope: HandlerScope): HandlerEnhancers {
  const parameters = decoratedParameters(site);
  const pipes = declared(site, PIPES_METADATA, globals.getGlobalPipes());
  const all = [
    ...declared(site, GUARDS_METADATA, globals.getGlobalGuards()),
    ...declared(site, INTERCEPTORS_METADATA, globals.getGlobalInterceptors()),
    ...declared(site, EXCEPTION_FILTERS_METADATA, globals.getGlobalFilters()),
    ...pipes,
    ...parameters.flatMap(({ pipes: own = [] }) => own),
  ];
  return {
    none: all.length === 0 && parameters.length === 0 && !scope.hasGlobals,
    hasPipes: pipes.length > 0 || globals.getGlobalRequestPipes().length > 0,
    isScoped: all.filter((enhancer) => isMadePerCall(site, enhancer)).length > 0 || scope.hasGlobals,
  };
}

/** Instances and classes, those of the application first. */
function declared(site: HandlerSite, key: string, globals: unknown[]): unknown[] {
  const onClass = classesOf(site).map((type) => Reflect.getMetadata(key, type) as unknown[] | undefined);
  const onMethod = Reflect.getMetadata(key, site.method) as unknown[] | undefined;
  return [...globals, ...(onClass.find((list) => list !== undefined) ?? []), ...(onMethod ?? [])].filter(Boolean);
}

/** Of an enhancer that is given as a class: whether Nest makes it anew for each call. */
function isMadePerCall({ wrapper, origin }: HandlerSite, enhancer: unknown): boolean {
  if (typeof enhancer !== 'function') return false;
  const made = wrapper.host?.injectables.get(enhancer);
  if (!made) {
    const why = `Nest has made no ${enhancer.name} for it, as for nothing that a factory or a value provides`;
    throw new UnsupportedHandlerError(origin, `${why}: write new ${enhancer.name}(…), or provide its class`);
  }
  return isScoped(made);
}
