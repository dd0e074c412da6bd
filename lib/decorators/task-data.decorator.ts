import { Body, type PipeTransform, type Type } from '@nestjs/common';

type Pipe = PipeTransform | Type<PipeTransform>;

/**
 * The data of the task, or one property of them, after these pipes; of a batch handler the array of what that is of each task.
 * Where one parameter of a handler has a decorator each of them needs one; without any a handler gets data and context.
 *
 * To Nest it is the body of a request: a `ValidationPipe` validates it where the parameter's type is a class, and a method
 * that is a route as well finds the body in it.
 *
 * @example
 * \@TaskHandler('invoice.send')
 * send(\@TaskData('number', ParseIntPipe) number: number, \@TaskCtx() task: TaskContext) { … }
 */
export function TaskData(...pipes: Pipe[]): ParameterDecorator;
export function TaskData(property: string, ...pipes: Pipe[]): ParameterDecorator;
export function TaskData(...given: (Pipe | string)[]): ParameterDecorator {
  const [property, ...pipes] = given;
  return typeof property === 'string' ? Body(property, ...(pipes as Pipe[])) : Body(...(given as Pipe[]));
}
