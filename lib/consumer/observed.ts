import { isObservable, lastValueFrom, Observable, tap } from 'rxjs';
import { contextsOf, type HandlerContext } from '../handler/handler-context.js';
import { TaskContext } from '../handler/task-context.js';
import { Emissions } from './emissions.js';

/**
 * Of an Observable a promise of its last value, of `undefined` if it has none; anything else as it is. What it emits meanwhile is the
 * progress of the task; not of a batch, for nobody can tell of which task.
 */
export function lastOf(returned: unknown, context: HandlerContext): unknown {
  if (!isStream(returned)) return returned;
  return lastValueFrom(context instanceof TaskContext ? reported(returned, context) : returned, {
    defaultValue: undefined,
  });
}

/**
 * Of the Observable that a handler returns one that is unsubscribed, and fails with the reason, when the signal of its task aborts, of
 * a batch those of all its tasks; anything else as it is. Where there are interceptors that is done on the inside of them: a handler
 * that returns a promise is waited for.
 */
export function untilOver(returned: unknown, context: HandlerContext): unknown {
  if (!isStream(returned)) return returned;
  const contexts = contextsOf(context);
  return new Observable((subscriber) => {
    const look = (): void => {
      if (contexts.every(({ isOver }) => isOver)) subscriber.error(contexts[0]?.signal.reason);
    };
    for (const { signal } of contexts) signal.addEventListener('abort', look);
    subscriber.add(() => {
      for (const { signal } of contexts) signal.removeEventListener('abort', look);
    });
    look();
    if (!subscriber.closed) subscriber.add(returned.subscribe(subscriber));
  });
}

/** What cannot be asked is none. */
function isStream(returned: unknown): returned is Observable<unknown> {
  try {
    return isObservable(returned);
  } catch {
    return false;
  }
}

function reported(returned: Observable<unknown>, task: TaskContext): Observable<unknown> {
  const emissions = new Emissions(task);
  return returned.pipe(tap({ next: (value) => emissions.note(value), finalize: () => emissions.close() }));
}
