import type { TaskEvent, TaskEventFacts, TaskEventOf, TaskEvents, TaskEventType } from '../../lib/index.js';
import { eventually } from './eventually.js';

/** What has been told since this was made. */
export class ToldEvents {
  readonly all: TaskEvent[] = [];
  isComplete = false;

  constructor(events: TaskEvents) {
    events.subscribe({ next: (event) => this.all.push(event), complete: () => (this.isComplete = true) });
  }

  of<Type extends TaskEventType>(type: Type): TaskEventOf<Type>[] {
    return this.all.filter((event): event is TaskEventOf<Type> => event.type === type);
  }

  /** The types of what was told of one task, in order. */
  about(id: string): TaskEventType[] {
    return this.all.filter((event) => (event as Partial<TaskEventFacts>).id === id).map(({ type }) => type);
  }

  /** Waits for the first event of that type. */
  async first<Type extends TaskEventType>(type: Type): Promise<TaskEventOf<Type>> {
    return eventually(() => this.of(type)[0], { what: `That ${type} is told` });
  }
}
