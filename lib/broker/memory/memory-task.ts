import type { NewTask } from '../task-broker.js';

/** A task as it stands in a place, with what the head of its envelope tells. */
export interface MemoryTask {
  readonly id: string;
  readonly name: string;
  priority: number;
  group: string | undefined;
  attempt: number;
  /** `undefined` as long as no worker died that held it. */
  lost: number | undefined;
  missed: number;
  first: number | undefined;
  /** What stands behind the head: name, data and options. */
  content: Readonly<Record<string, unknown>>;
  expiresAt: number | undefined;
  readonly addedAt: number;
  /** Since when it stands in a line: what is given back has its place there again. */
  waitsSince: number;
}

/** @param expiresAt in ms since 1970 */
export function memoryTask(
  { id, name, envelope, priority, group }: Omit<NewTask, 'token'>,
  addedAt: number,
  expiresAt?: number,
): MemoryTask {
  const content = contentOf(envelope);
  const counters = { attempt: 0, lost: undefined, missed: 0, first: undefined };
  return { id, name, priority, group, ...counters, content, expiresAt, addedAt, waitsSince: addedAt };
}

/** What of an envelope is not its head. */
export function contentOf(envelope: string): MemoryTask['content'] {
  const {
    id: _,
    attempt: __,
    priority: ___,
    group: ____,
    ...content
  } = JSON.parse(envelope) as Record<string, unknown>;
  return content;
}

/** As a worker gets it. */
export function toEnvelope({ id, attempt, lost, missed, first, ...task }: MemoryTask): string {
  const { priority, group, content, expiresAt } = task;
  return JSON.stringify({
    id,
    attempt,
    lost,
    missed: missed || undefined,
    first,
    priority: priority || undefined,
    group,
    ...content,
    expiresAt,
  });
}

/** It comes again though a run had begun: when it was to expire mattered until then, and its id does not tell any more since when it waits. */
export function putOffRun(task: MemoryTask): void {
  task.expiresAt = undefined;
  task.content = { ...task.content, delayed: true };
}

/** As if it had never been tried. */
export function reset(task: MemoryTask): void {
  Object.assign(task, { attempt: 0, lost: undefined, missed: 0, first: undefined });
  putOffRun(task);
}

/** It is a dead letter if it is lost once more. */
export function isSuspect({ lost }: MemoryTask, maxLost: number): boolean {
  return lost !== undefined && lost >= maxLost;
}
