import { isDeepStrictEqual } from 'node:util';
import type { DiscoveryService } from '@nestjs/core';
import {
  DuplicateInstanceError,
  InvalidOptionsError,
  SharedQueueError,
  UnknownInstanceError,
} from '../errors/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';

/** One import of the module, as the others in the application see it. */
export abstract class TaskQueueInstance {
  abstract readonly name: string;
  abstract readonly settings: TaskQueueSettings;
  /** The queues that it works on. */
  abstract get queues(): readonly string[];
  /** Finds what it works on. May be called twice. */
  abstract load(): Promise<void>;
  /** Gives up its work, and keeps its connections. May be called twice. */
  abstract drain(): Promise<void>;
  /** Closes its connections. May be called twice. */
  abstract close(): Promise<void>;
}

/** All of the application. */
export function instancesOf(discovery: DiscoveryService): TaskQueueInstance[] {
  return discovery
    .getProviders()
    .map(({ instance }) => instance as unknown)
    .filter((instance) => instance instanceof TaskQueueInstance);
}

/** @throws DuplicateInstanceError: each would find all handlers of that instance, and run every one of them */
export function refuseDuplicates(instances: readonly TaskQueueInstance[]): void {
  for (const { name } of instances) {
    const { length } = instances.filter((other) => other.name === name);
    if (length > 1) throw new DuplicateInstanceError(name, length);
  }
}

/**
 * @param origins which instances handlers belong to, each with one of these
 * @throws UnknownInstanceError: nobody would ever run them
 */
export function refuseStrays(instances: readonly TaskQueueInstance[], origins: ReadonlyMap<string, string>): void {
  const known = instances.map(({ name }) => name);
  for (const [instance, origin] of origins) {
    if (!known.includes(instance)) throw new UnknownInstanceError(origin, instance, known);
  }
}

/**
 * Instances may share a Redis and a prefix, as applications do, but not what they work on. Two ways to the same server that
 * differ in their text go unnoticed.
 * @throws SharedQueueError, InvalidOptionsError
 */
export function refuseSharedWork(instances: readonly TaskQueueInstance[]): void {
  for (const [index, one] of instances.entries()) {
    for (const other of instances.slice(index + 1).filter(({ settings }) => isSamePlace(settings, one.settings))) {
      const shared = one.queues.find((queue) => other.queues.includes(queue));
      if (shared !== undefined) throw new SharedQueueError(shared, one.name, other.name);
      const owner = one.settings.scheduleOwner;
      if (owner === undefined || owner !== other.settings.scheduleOwner) continue;
      const allowed = `another owner in instance "${other.name}" than in "${one.name}": each would remove the schedules of the other`;
      throw new InvalidOptionsError([{ option: 'schedules.owner', given: owner, allowed }]);
    }
  }
}

/** A list has one name whatever the prefix: what it holds would go to either of them. @throws InvalidOptionsError */
export function refuseSharedLists(instances: readonly TaskQueueInstance[]): void {
  for (const [index, one] of instances.entries()) {
    const names = new Set(one.settings.plain.map(({ list }) => list));
    for (const other of instances.slice(index + 1).filter(({ settings }) => isSameRedis(settings, one.settings))) {
      const shared = other.settings.plain.find(({ list }) => names.has(list));
      if (!shared) continue;
      const allowed = `lists in instance "${other.name}" that "${one.name}" does not name as well`;
      throw new InvalidOptionsError([{ option: 'plain', given: shared.list, allowed }]);
    }
  }
}

function isSamePlace(one: TaskQueueSettings, other: TaskQueueSettings): boolean {
  return one.prefix === other.prefix && isSameRedis(one, other);
}

function isSameRedis(one: TaskQueueSettings, other: TaskQueueSettings): boolean {
  return isDeepStrictEqual(one.redis, other.redis);
}
