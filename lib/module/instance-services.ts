import { type FactoryProvider, Inject, type InjectionToken, type Type } from '@nestjs/common';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { checkInstanceName, DEFAULT_INSTANCE, titleOf } from '../options/instance-name.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { TaskScheduler } from '../schedule/task-scheduler.service.js';
import { TaskStatusService } from '../status/task-status.service.js';

/**
 * The token of a service of an instance: its class for the default one.
 * @throws InvalidOptionsError where that is no name
 */
type GetToken<T> = (instance?: string) => Type<T> | string;

/** Injects a service of an instance. @throws InvalidOptionsError where that is no name */
type InjectService = (instance?: string) => PropertyDecorator & ParameterDecorator;

const services = new Map<InjectionToken, GetToken<unknown>>();

/** @param title what stands in messages of Nest: a bundler may have given the class another name */
function service<T>(type: Type<T>, title: string): [GetToken<T>, InjectService] {
  const getToken: GetToken<T> = (instance = DEFAULT_INSTANCE) =>
    checkInstanceName(instance) === DEFAULT_INSTANCE ? type : titleOf(title, instance);
  services.set(type, getToken);
  return [getToken, (instance) => Inject(getToken(instance))];
}

/*
 * What an instance offers to the application, one line each.
 * @example constructor(@InjectTaskProducer('reports') private readonly producer: TaskProducer) {}
 * @example app.get(getTaskProducerToken('reports'))
 */
export const [getTaskProducerToken, InjectTaskProducer] = service(TaskProducer, 'TaskProducer');
export const [getTaskStatusServiceToken, InjectTaskStatusService] = service(TaskStatusService, 'TaskStatusService');
export const [getTaskQueueAdminToken, InjectTaskQueueAdmin] = service(TaskQueueAdmin, 'TaskQueueAdmin');
export const [getTaskSchedulerToken, InjectTaskScheduler] = service(TaskScheduler, 'TaskScheduler');

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
