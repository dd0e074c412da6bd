import { type FactoryProvider, Inject, type InjectionToken, type Type } from '@nestjs/common';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { TaskConsumers } from '../consumer/task-consumers.service.js';
import { TaskEvents } from '../events/task-events.js';
import { RedisTaskQueueHealthIndicator } from '../health/redis-task-queue-health.indicator.js';
import { TaskQueueMonitor } from '../monitor/task-queue-monitor.service.js';
import { checkInstanceName, DEFAULT_INSTANCE, titleOf } from '../options/instance-name.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { TaskScheduler } from '../schedule/task-scheduler.service.js';
import { TaskStatusService } from '../status/task-status.service.js';

type GetToken<T> = (instance?: string) => Type<T> | string;
type InjectService = (instance?: string) => PropertyDecorator & ParameterDecorator;

/** What an instance offers to the application: whatever is entered here. */
const services = new Map<InjectionToken, GetToken<unknown>>();

/** @param title what stands in messages of Nest: a bundler may have given the class another name */
function tokenOf<T>(service: Type<T>, title: string): GetToken<T> {
  const getToken: GetToken<T> = (instance = DEFAULT_INSTANCE) =>
    checkInstanceName(instance) === DEFAULT_INSTANCE ? service : titleOf(title, instance);
  services.set(service, getToken);
  return getToken;
}

function injecting(getToken: GetToken<unknown>): InjectService {
  return (instance) => Inject(getToken(instance));
}

/**
 * The token of the `TaskProducer` of an instance: the class itself for the default one.
 * @throws InvalidOptionsError where that is no name
 * @example app.get(getTaskProducerToken('reports'))
 */
export const getTaskProducerToken = tokenOf(TaskProducer, 'TaskProducer');
/**
 * Injects the `TaskProducer` of an instance.
 * @throws InvalidOptionsError where that is no name
 * @example constructor(\@InjectTaskProducer('reports') private readonly producer: TaskProducer) {}
 */
export const InjectTaskProducer = injecting(getTaskProducerToken);

/** The token of the `TaskStatusService` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskStatusServiceToken = tokenOf(TaskStatusService, 'TaskStatusService');
/** Injects the `TaskStatusService` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskStatusService = injecting(getTaskStatusServiceToken);

/** The token of the `TaskQueueAdmin` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskQueueAdminToken = tokenOf(TaskQueueAdmin, 'TaskQueueAdmin');
/** Injects the `TaskQueueAdmin` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskQueueAdmin = injecting(getTaskQueueAdminToken);

/** The token of the `TaskScheduler` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskSchedulerToken = tokenOf(TaskScheduler, 'TaskScheduler');
/** Injects the `TaskScheduler` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskScheduler = injecting(getTaskSchedulerToken);

/** The token of the `TaskConsumers` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskConsumersToken = tokenOf(TaskConsumers, 'TaskConsumers');
/** Injects the `TaskConsumers` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskConsumers = injecting(getTaskConsumersToken);

/** The token of the `TaskEvents` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskEventsToken = tokenOf(TaskEvents, 'TaskEvents');
/** Injects the `TaskEvents` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskEvents = injecting(getTaskEventsToken);

/** The token of the `RedisTaskQueueHealthIndicator` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskQueueHealthToken = tokenOf(RedisTaskQueueHealthIndicator, 'RedisTaskQueueHealthIndicator');
/** Injects the `RedisTaskQueueHealthIndicator` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskQueueHealth = injecting(getTaskQueueHealthToken);

/** The token of the `TaskQueueMonitor` of an instance. @throws InvalidOptionsError where that is no name */
export const getTaskQueueMonitorToken = tokenOf(TaskQueueMonitor, 'TaskQueueMonitor');
/** Injects the `TaskQueueMonitor` of an instance. @throws InvalidOptionsError where that is no name */
export const InjectTaskQueueMonitor = injecting(getTaskQueueMonitorToken);

/** The tokens of all that an instance offers. */
export function serviceTokens(instance: string): InjectionToken[] {
  return [...services.values()].map((getToken) => getToken(instance));
}

/**
 * A provider as it stands in an instance. What a named one offers must not stand under its class: `app.get(TaskProducer)` finds
 * whichever comes last.
 */
export function ofInstance(provider: FactoryProvider, instance: string): FactoryProvider {
  const named = <T>(token: T): T | InjectionToken => services.get(token as InjectionToken)?.(instance) ?? token;
  return { ...provider, provide: named(provider.provide), inject: (provider.inject ?? []).map(named) };
}
