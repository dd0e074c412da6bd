import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { taskHandlerMetadata } from '../decorators/task-handler.decorator.js';
import { UnsupportedHandlerError } from '../errors/index.js';
import type { TaskContext } from '../handler/task-context.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import { DEFAULT_QUEUE } from '../handler/task-handler.registry.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (data: unknown, context: TaskContext) => unknown;

/** Finds the decorated methods of all providers and controllers. Returns what it finds and registers nothing. */
@Injectable()
export class TaskHandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws UnsupportedHandlerError */
  explore(): TaskHandlerEntry[] {
    const seen = new Set<unknown>();
    return [...this.discovery.getProviders(), ...this.discovery.getControllers()].flatMap((wrapper) => {
      // The same object under a second token is the same handler.
      if (wrapper.isAlias || seen.has(wrapper.instance)) return [];
      if (wrapper.instance) seen.add(wrapper.instance);
      return this.exploreWrapper(wrapper);
    });
  }

  private exploreWrapper(wrapper: Wrapper): TaskHandlerEntry[] {
    const instance: unknown = wrapper.instance;
    const prototype = prototypeOf(wrapper);
    if (!prototype) return [];
    return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
      const method = prototype[key] as Method;
      return taskHandlerMetadata(method).map(({ name, queue = DEFAULT_QUEUE, settings }): TaskHandlerEntry => {
        const origin = `${wrapper.name}.${key} (${wrapper.host?.name ?? 'unknown module'})`;
        if (!instance || wrapper.isTransient || !wrapper.isDependencyTreeStatic()) {
          throw new UnsupportedHandlerError(
            origin,
            'its class, or something it injects, is request-scoped or transient',
          );
        }
        return { name, queue, origin, settings, invoke: (data, context) => method.call(instance, data, context) };
      });
    });
  }
}

/** Of the class where there is one: a request-scoped provider has no instance yet. */
function prototypeOf(wrapper: Wrapper): Record<string, unknown> | null {
  const instance: unknown = wrapper.instance;
  const isObject = typeof instance === 'object' && instance !== null;
  const prototype: unknown = isObject ? Object.getPrototypeOf(instance) : wrapper.metatype?.prototype;
  return (prototype as Record<string, unknown> | null | undefined) ?? null;
}
