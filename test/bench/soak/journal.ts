import type { SoakEvent, SoakMessage } from './messages.js';

const FLUSH_EVERY_MS = 100;

/** Tells the parent process what happened, many events in one message; it keeps nothing of them. */
export class Journal {
  private readonly events = new Map<SoakEvent, number[]>();
  private readonly timer = setInterval(() => this.flush(), FLUSH_EVERY_MS);

  note(event: SoakEvent, task: number): void {
    const tasks = this.events.get(event);
    if (tasks) tasks.push(task);
    else this.events.set(event, [task]);
  }

  /** The parent has all events before it has the answer. */
  async answer(answer: unknown): Promise<void> {
    this.flush();
    await send({ answer });
  }

  close(): void {
    clearInterval(this.timer);
  }

  private flush(): void {
    for (const [event, tasks] of this.events) void send({ event, tasks });
    this.events.clear();
  }
}

function send(message: SoakMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
