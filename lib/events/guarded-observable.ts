import { Observable, type Observer, type Operator, Subscriber, type Subscription, type TeardownLogic } from 'rxjs';

/**
 * An Observable whose listeners, and those of whatever `pipe` makes of it, may throw: rxjs would throw that again where nobody can
 * catch it, and end the process. Here it is reported, once for each listener, and the listener stays. What an operator throws ends its
 * stream, as everywhere; it is reported where the listener has no `error` function.
 */
export class GuardedObservable<T> extends Observable<T> {
  constructor(
    private readonly report: (error: unknown) => void,
    subscribe?: (subscriber: Subscriber<T>) => TeardownLogic,
  ) {
    super(subscribe);
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new GuardedObservable<R>(this.report);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // A link of a chain: it is the end of the chain that is guarded.
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext);
    const isObserver = typeof observerOrNext === 'object' && observerOrNext !== null;
    const listener = isObserver
      ? observerOrNext
      : { next: observerOrNext ?? undefined, error: error ?? undefined, complete: complete ?? undefined };
    return super.subscribe(this.guarded(listener));
  }

  private guarded(listener: { [Key in keyof Observer<T>]?: Observer<T>[Key] | undefined }): Observer<T> {
    let isReported = false;
    const report = (error: unknown): void => {
      if (!isReported) this.report(error);
      isReported = true;
    };
    const guard = (call: () => unknown): void => {
      try {
        const returned = call();
        if (returned instanceof Promise) returned.catch(report);
      } catch (error) {
        report(error);
      }
    };
    return {
      next: (value) => guard(() => listener.next?.(value)),
      error: (error: unknown) => (listener.error ? guard(() => listener.error?.(error)) : report(error)),
      complete: () => guard(() => listener.complete?.()),
    };
  }
}
