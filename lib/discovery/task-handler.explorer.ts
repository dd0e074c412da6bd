import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { taskHandlerMetadata } from '../decorators/task-handler.decorator.js';
import { UnsupportedHandlerError } from '../errors/index.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import { DEFAULT_QUEUE } from '../handler/task-handler.registry.js';
import { DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { HandlerMethod, HandlerSite, Wrapper } from './handler-site.js';
import { TaskHandlerInvoker } from './task-handler.invoker.js';
import { validatedCall } from './validated-call.js';

/** Finds the decorated methods of all providers and controllers. Returns what it finds and registers nothing. */
@Injectable()
export class TaskHandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly invoker: TaskHandlerInvoker,
  ) {}

  /** Those of one instance of the module. @throws UnsupportedHandlerError */
  explore(instance = DEFAULT_INSTANCE): TaskHandlerEntry[] {
    const seen = new Set<unknown>();
    return this.wrappers().flatMap((wrapper) => {
      // The same object under a second token is the same handler.
      if (wrapper.isAlias || seen.has(wrapper.instance)) return [];
      if (wrapper.instance) seen.add(wrapper.instance);
      return this.exploreWrapper(wrapper, instance);
    });
  }

  /** All instances that handlers belong to, each with one of these. */
  instances(): ReadonlyMap<string, string> {
    const origins = new Map<string, string>();
    for (const wrapper of this.wrappers()) {
      const prototype = prototypeOf(wrapper);
      for (const key of prototype ? this.scanner.getAllMethodNames(prototype) : []) {
        for (const { instance } of taskHandlerMetadata(prototype?.[key] as object)) {
          if (!origins.has(instance)) origins.set(instance, originOf(wrapper, key));
        }
      }
    }
    return origins;
  }

  /** Those that Nest makes of their class come first: a factory may return one of them, and knows nothing of its enhancers. */
  private wrappers(): Wrapper[] {
    const all = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return all.sort((one, other) => Number(one.isNotMetatype) - Number(other.isNotMetatype));
  }

  private exploreWrapper(wrapper: Wrapper, instanceName: string): TaskHandlerEntry[] {
    const instance = wrapper.instance as object | null;
    const prototype = prototypeOf(wrapper);
    if (!prototype) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const method = prototype[key] as HandlerMethod;
      const all = taskHandlerMetadata(method);
      const declared = all.filter((each) => each.instance === instanceName);
      if (declared.length === 0) return [];
      const origin = originOf(wrapper, key);
      const takesBatches = all.some(({ batch }) => batch);
      if (takesBatches && !all.every(({ batch }) => batch)) {
        throw new UnsupportedHandlerError(origin, 'some of its @TaskHandler have `batch` and some have not');
      }
      const site: HandlerSite = { wrapper, instance: instance ?? prototype, method, key, takesBatches, origin };
      const invoke = this.invoker.create(site);
      return declared.map(({ queue = DEFAULT_QUEUE, schema, ...entry }) => {
        const validated = schema ? validatedCall(entry, schema, invoke) : invoke;
        return { ...entry, queue, origin, invoke: validated };
      });
    });
  }
}

/** For messages: `EmailTasks.send (EmailModule)`. */
export function originOf(wrapper: Wrapper, key: string): string {
  return `${wrapper.name}.${key} (${wrapper.host?.name ?? 'unknown module'})`;
}

/** Of the class where there is one: a request-scoped provider has no instance yet. */
export function prototypeOf(wrapper: Wrapper): Record<string, unknown> | null {
  const instance: unknown = wrapper.instance;
  const isObject = typeof instance === 'object' && instance !== null;
  const prototype: unknown = isObject ? Object.getPrototypeOf(instance) : wrapper.metatype?.prototype;
  return (prototype as Record<string, unknown> | null | undefined) ?? null;
}
