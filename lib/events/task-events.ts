import { filter, type Observable } from 'rxjs';
import { GuardedObservable } from './guarded-observable.js';
import type { TaskEvent, TaskEventOf, TaskEventType } from './task-event.js';
import type { TaskEventSource } from './task-event-source.js';

/**
 * What the workers of this process do, as an Observable: for metrics, alarms and the like. Of other processes it tells nothing. It is hot,
 * keeps nothing for those who come late, and completes when the application shuts down, behind the last event. Where nobody has
 * subscribed it costs nothing.
 *
 * A listener that throws, or whose promise rejects, hurts nobody else: that is in the log once, and it goes on getting events. One
 * that blocks the event loop holds up its process, as a handler would.
 *
 * @example
 * constructor(events: TaskEvents) {
 *   events.ofType('failed').subscribe(({ id, error }) => this.pager.alert(`${id}: ${error.message}`));
 * }
 */
export class TaskEvents extends GuardedObservable<TaskEvent> {
  /** @param report what a listener threw */
  constructor(source: TaskEventSource, report: (error: unknown) => void) {
    super(report, (subscriber) => source.subscribe(subscriber));
  }

  /** Only events of these types. */
  ofType<Type extends TaskEventType>(...types: readonly Type[]): Observable<TaskEventOf<Type>> {
    const wanted: ReadonlySet<TaskEventType> = new Set(types);
    return this.pipe(filter((event): event is TaskEventOf<Type> => wanted.has(event.type)));
  }
}
