import type { PipeTransform, Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { ParamsFactory } from '@nestjs/core';
import { TaskCtx } from '../decorators/task-ctx.decorator.js';
import { TaskData } from '../decorators/task-data.decorator.js';
import { classesOf, type HandlerSite } from './handler-site.js';

type ParameterMetadata = Record<string, { pipes?: (PipeTransform | Type<PipeTransform>)[] }>;

const DEFAULT_ARGUMENTS = 'nestjs-redis-task-queue:arguments';

class Defaults {}
TaskData()(Defaults.prototype, 'handle', 0);
TaskCtx()(Defaults.prototype, 'handle', 1);
const defaults: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, Defaults, 'handle');

/** What the parameter decorators of a handler say, by parameter; empty where it has none. */
export function decoratedParameters(site: HandlerSite): ParameterMetadata[string][] {
  const found = classesOf(site).map((type) => Reflect.getMetadata(ROUTE_ARGS_METADATA, type, site.key) as unknown);
  return Object.values((found.find((metadata) => metadata !== undefined) ?? {}) as ParameterMetadata);
}

/**
 * The key under which Nest finds how the arguments of a handler are made. Pipes run only where this is said: a handler
 * without parameter decorators is treated as if it had `@TaskData()` and `@TaskCtx()`, but only if there are pipes.
 */
export function argumentsKey(site: HandlerSite, hasPipes: boolean): string | undefined {
  if (decoratedParameters(site).length > 0) return ROUTE_ARGS_METADATA;
  if (!hasPipes) return undefined;
  for (const type of classesOf(site)) Reflect.defineMetadata(DEFAULT_ARGUMENTS, defaults, type, site.key);
  return DEFAULT_ARGUMENTS;
}

/** Of Nest's own parameter decorators only that for the body has a meaning for tasks. */
export const taskArguments: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, [data]: [unknown]): unknown {
    return isData(type) ? propertyOf(data, property) : undefined;
  },
};

/** The same for a batch of them. */
export const batchArguments: ParamsFactory = {
  exchangeKeyForValue(type: number, property: unknown, [data]: [unknown[]]): unknown {
    return isData(type) ? data.map((each) => propertyOf(each, property)) : undefined;
  },
};

function isData(type: number): boolean {
  return type === (RouteParamtypes.BODY as number);
}

/** All of the data where no property is named. */
function propertyOf(data: unknown, property: unknown): unknown {
  if (typeof property !== 'string') return data;
  const isObject = typeof data === 'object' && data !== null;
  return isObject && Object.hasOwn(data, property) ? (data as Record<string, unknown>)[property] : undefined;
}
