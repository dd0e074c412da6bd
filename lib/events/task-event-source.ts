import { Subject, type Subscriber, type Subscription } from 'rxjs';
import type { TaskEvent } from './task-event.js';

/**
 * Where events come from. Listeners are called once whoever told an event has come to an end of its work, in the order of the
 * events: so a listener never finds a worker half-way through something, and one that takes its time holds up what would fill this up.
 */
export class TaskEventSource {
  private readonly subject = new Subject<TaskEvent>();
  private pending: TaskEvent[] = [];

  /** To be asked before an event is made: where nobody listens there need not be any. */
  get observed(): boolean {
    return this.subject.observed;
  }

  emit(event: TaskEvent): void {
    if (this.pending.push(event) === 1) queueMicrotask(() => this.deliver());
  }

  subscribe(listener: Subscriber<TaskEvent>): Subscription {
    return this.subject.subscribe(listener);
  }

  /** There will be no more. May be called twice. */
  complete(): void {
    this.deliver();
    this.subject.complete();
  }

  private deliver(): void {
    const events = this.pending;
    this.pending = [];
    for (const event of events) this.subject.next(event);
  }
}
