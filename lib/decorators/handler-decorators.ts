import type { Observable } from 'rxjs';
import type { IsTyped, ReceivedOf, ResultOf, TaskRef } from '../definition/task-ref.js';
import type { TaskContext } from '../handler/task-context.js';

/*
 * What a decorator compiles on. The compiler knows the parameters of a method by their types only, not by the decorators that stand on
 * them.
 */

type Decorator<Method> = <T extends Method>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/** How a handler may return something. */
type Returned<T> = T | PromiseLike<T> | Observable<T>;

/** Nothing, or for each task of the batch its result, or the error that failed it. */
type BatchResult = void | readonly unknown[];

/** What can handle batches: each parameter takes an array. */
type BatchHandlerMethod = (...args: never[][]) => Returned<BatchResult>;

/** A batch may end without results where they may be `undefined`. */
type TypedBatchResult<Result> =
  | readonly (Result | PromiseLike<Result> | Error)[]
  | ([undefined extends Result ? true : false] extends [true] ? void : never);

/** What handles a task of which the types are known. */
type TypedMethod<Received, Result> = (data: Received, task: TaskContext, ...more: never[]) => Returned<Result>;

/** The same for batches of them. */
type TypedBatchMethod<Received, Result> = (
  data: Received[],
  tasks: TaskContext[],
  ...more: never[]
) => Returned<TypedBatchResult<Result>>;

/** Of a task of which nothing is known it stands on any method. */
export type DecoratorOf<Task extends TaskRef> =
  IsTyped<Task> extends true ? Decorator<TypedMethod<ReceivedOf<Task>, ResultOf<Task>>> : MethodDecorator;

/** Stands on no method that takes one task, or returns something else. */
export type BatchDecoratorOf<Task extends TaskRef> =
  IsTyped<Task> extends true
    ? Decorator<TypedBatchMethod<ReceivedOf<Task>, ResultOf<Task>>>
    : Decorator<BatchHandlerMethod>;
