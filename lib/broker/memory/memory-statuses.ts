import type { StatusRecord } from '../task-broker.js';
import type { TaskState } from '../task-state.js';
import type { Clock } from './memory-clock.js';
import type { MemoryTask } from './memory-task.js';

const ERRORS_KEPT = 5;
const ENDED: ReadonlySet<TaskState | undefined> = new Set<TaskState>(['completed', 'failed', 'cancelled']);

/** What is known of a task; nothing where nobody wrote it. Times are milliseconds, values JSON. */
export interface MemoryStatus {
  state?: TaskState;
  name?: string;
  priority?: number;
  group?: string | undefined;
  attempt?: number | undefined;
  created?: number;
  started?: number | undefined;
  finished?: number | undefined;
  due?: number | undefined;
  progress?: string | undefined;
  result?: string | undefined;
  unrecorded?: string;
  reason?: string;
  error?: string | undefined;
  earlierErrors?: Map<number, string> | undefined;
  /** Given by the caller who chose the id. */
  token?: string;
  /** The key that it holds, or did. */
  lock?: string;
  /** The task before whose end it must not begin. */
  after?: string | undefined;
  /** Of a suspect: whether others ran beside it. */
  hadCompany?: boolean | undefined;
  /** How often a loss was not charged to it. */
  spared?: number | undefined;
  /** The workers that died with it. */
  lostWith?: string[] | undefined;
  /** When it goes by itself. */
  expires?: number | undefined;
}

/** The statuses of one partition. Each goes at its time. */
export class MemoryStatuses {
  private readonly byId = new Map<string, MemoryStatus>();

  /** @param onChange is told of every change, but not of what goes by itself */
  constructor(
    private readonly clock: Clock,
    private readonly onChange: (id: string) => void,
  ) {}

  get(id: string): MemoryStatus | undefined {
    const status = this.byId.get(id);
    if (status?.expires === undefined || status.expires > this.clock.nowMs) return status;
    this.byId.delete(id);
    return undefined;
  }

  /** @returns `again` for what an earlier call has created: nobody else can have a generated id, nor the same token */
  create(id: string, status: MemoryStatus & { token: string }): 'created' | 'again' | 'known' {
    const known = this.get(id);
    if (known?.state !== undefined) return status.token === '' || status.token === known.token ? 'again' : 'known';
    this.byId.set(id, { ...known, ...status, created: this.clock.nowMs });
    this.onChange(id);
    return 'created';
  }

  write(id: string, change: MemoryStatus): void {
    this.byId.set(id, { ...this.get(id), ...change });
    this.onChange(id);
  }

  /** What a status needs beside its state, for a task that was added without one. */
  introduce({ id, name, priority, group }: MemoryTask): void {
    if (this.get(id)?.name !== undefined) return;
    this.write(id, { name, created: this.clock.nowMs, priority, group });
  }

  /** The latest one stands alone; of those before it the last few are kept. */
  noteError(id: string, attempt: number, error: string): void {
    const { error: before, earlierErrors = new Map<number, string>() } = this.get(id) ?? {};
    if (before !== undefined) {
      earlierErrors.set(attempt - 1, before);
      earlierErrors.delete(attempt - ERRORS_KEPT);
    }
    this.write(id, { error, earlierErrors });
  }

  /** The claim did not become an attempt that counts. */
  unclaim({ id, attempt }: MemoryTask, state: TaskState): void {
    this.write(id, { state, started: undefined, attempt: attempt === 0 ? undefined : attempt });
  }

  /** It has ended, and is kept for so long. */
  keepFor(id: string, ttlMs: number): void {
    if (ttlMs <= 0) this.delete(id);
    else this.write(id, { expires: this.clock.nowMs + ttlMs });
  }

  delete(id: string): void {
    this.byId.delete(id);
    this.onChange(id);
  }

  clear(): void {
    this.byId.clear();
  }

  /** Also what is not kept, once it has ended, and what never was. */
  hasEnded(id: string | undefined): boolean {
    const state = id === undefined ? undefined : this.get(id)?.state;
    return state === undefined || ENDED.has(state);
  }

  /** Whether no worker has taken it yet, as far as that is marked. */
  isPending(id: string): boolean {
    const state = this.get(id)?.state;
    return state === 'waiting' || state === 'scheduled';
  }

  /** The ids of those that ended so, the latest first. */
  endedAs(state: TaskState): string[] {
    const ended = [...this.byId.keys()].filter((id) => this.get(id)?.state === state);
    return ended.reverse().sort((one, other) => (this.get(other)?.finished ?? 0) - (this.get(one)?.finished ?? 0));
  }

  record(id: string): StatusRecord | null {
    const status = this.get(id);
    if (status?.state === undefined) return null;
    const { state, earlierErrors = [], finished = null } = status;
    const started = status.started ?? (state === 'completed' ? finished : null);
    return {
      state,
      name: status.name ?? '',
      priority: status.priority ?? 0,
      group: status.group ?? null,
      attempt: status.attempt ?? (started === null ? 0 : 1),
      created: status.created ?? null,
      started,
      finished,
      due: status.due ?? null,
      progress: status.progress ?? null,
      result: status.result ?? null,
      unrecorded: status.unrecorded ?? null,
      reason: status.reason ?? null,
      error: status.error ?? null,
      earlierErrors: [...earlierErrors].map(([attempt, error]) => ({ attempt, error })),
    };
  }
}
