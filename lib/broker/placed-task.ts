import { readStored, type StoredTask } from './envelope.js';
import type { StatusRecord } from './task-broker.js';
import type { TaskState } from './task-state.js';

/** A task, and where it stands. */
export interface PlacedTask {
  /** `null` of what others have pushed before a worker has come to it. */
  id: string | null;
  /** Its status, completed and put right by the place where it stands. */
  record: StatusRecord;
  /** `null` where they are gone. Of what is no task the text itself. */
  data: unknown;
  /** Who holds it. */
  worker: string | null;
}

/** What is to be known of a place. */
export interface Place {
  state: TaskState;
  id: string | null;
  /** What stands there; `null` where it is gone. */
  stored: StoredTask | null;
  status: StatusRecord | null;
  /** The envelope with other data, by which it will be replaced once a worker comes to it. */
  latest?: string | null;
  /** Who holds it. */
  worker?: string;
  /** In ms, of what waits for its time, where its status does not tell. */
  due?: number;
  /** In ms, of a dead letter, where its status does not tell. */
  diedAt?: number;
}

const NO_STATUS: StatusRecord = {
  state: 'waiting',
  name: '',
  priority: 0,
  group: null,
  attempt: 0,
  created: null,
  started: null,
  finished: null,
  due: null,
  progress: null,
  result: null,
  unrecorded: null,
  reason: null,
  error: null,
  earlierErrors: [],
};

export function placedTask({ state, id, stored, status, latest, worker, due, diedAt }: Place): PlacedTask {
  const { name = null, priority = 0, group = null, attempt = 0, data = null } = stored ?? {};
  const told = status ?? { ...NO_STATUS, priority, group, attempt: attempt + (state === 'active' ? 1 : 0) };
  return {
    id,
    record: {
      ...told,
      state,
      name: told.name || (name ?? ''),
      due: told.due ?? due ?? null,
      finished: told.finished ?? diedAt ?? null,
    },
    data: latest ? readStored(latest).data : data,
    worker: worker ?? null,
  };
}
