import type { DiscoveryService } from '@nestjs/core';
import type { HandlerContext } from '../handler/handler-context.js';

export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
export type HandlerMethod = (data: unknown, context: HandlerContext) => unknown;

/** Where a handler stands in the application. */
export interface HandlerSite {
  readonly wrapper: Wrapper;
  /** Of what is made per call only what Nest keeps in its place, whose constructor never ran. */
  readonly instance: object;
  readonly method: HandlerMethod;
  readonly key: string;
  /** It gets arrays of data and of contexts. */
  readonly takesBatches: boolean;
  /** For messages: `EmailTasks.send (EmailModule)`. */
  readonly origin: string;
}

/** Metadata of the class may stand on either: a decorator of the class can have put another one in its place. */
export function classesOf({ wrapper, instance }: HandlerSite): object[] {
  const made: unknown = wrapper.isNotMetatype ? undefined : wrapper.metatype;
  return [instance.constructor, ...(typeof made === 'function' && made !== instance.constructor ? [made] : [])];
}

/** Nest makes it, or something that it depends on, for a request: there is no instance that could be called at any time. */
export function isScoped(wrapper: Wrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}
