import { byText, isTerminal, type ModelStatus, type ModelTask } from './model-task.js';
import type { World } from './world.js';

/** All that should stand in Redis, in a form that reads well where it differs from what does. */
export interface View {
  queue: string[];
  suspects: string[];
  bell: string[];
  recent: string[];
  scheduled: string[];
  /** Those of `scheduled` that wait for their next attempt. */
  retrying: string[];
  dead: string[];
  /** Exactly what is scheduled or dead. */
  parked: Record<string, string>;
  workers: Record<string, { lease: string; held: string[] }>;
  /** Ids of what was called off and whose worker, or a worker that comes to it, has yet to take note. */
  cancel: string[];
  statuses: Record<string, StatusView | null>;
  /** Keys that should not be there. */
  leftOver: string[];
}

export interface StatusView {
  state: string | null;
  name: string;
  attempt: number;
  result: string | null;
  unrecorded: string | null;
  reason: string | null;
  progress: string | null;
  error: string | null;
  earlierErrors: string[];
  /** Of the times: which of them are known. */
  created: boolean;
  due: boolean;
  finished: boolean;
  expires: boolean;
}

export function modelView({ model, ids }: World): View {
  const parked = [...model.scheduled.keys(), ...model.dead.values()];
  const held = [...model.workers.values()].flatMap((worker) => [...worker.held]);
  const calledOff = [...model.queue, ...model.suspects, ...held].filter((task) => task.calledOff !== null);
  return {
    queue: model.queue.toSorted((one, other) => other.priority - one.priority).map(taskText),
    suspects: model.suspects.map(taskText),
    bell: Array.from({ length: model.tokens }, () => '1'),
    recent: model.recent,
    scheduled: [...model.scheduled.keys()].map(({ id }) => id).sort(byText),
    retrying: [...model.scheduled.keys()]
      .map(({ id }) => id)
      .filter((id) => model.statuses.get(id)?.state === 'retrying')
      .sort(byText),
    dead: [...model.dead.keys()].sort(byText),
    parked: Object.fromEntries(parked.map((task) => [task.id, taskText(task)])),
    workers: Object.fromEntries(
      [...model.workers].map(([id, worker]) => [
        id,
        { lease: worker.lease, held: [...worker.held].map(taskText).sort(byText) },
      ]),
    ),
    cancel: [...new Set(calledOff.map(({ id }) => id))].sort(byText),
    statuses: Object.fromEntries(ids.map((id) => [id, statusView(model.statuses.get(id))])),
    leftOver: [],
  };
}

function taskText(task: ModelTask): string {
  if (task.foreign) return task.foreign.text;
  if (task.isGap) return 'no longer here';
  const { priority, id, marker, attempt, lost, missed, hasFirst } = task;
  return `${id} ${marker} attempt ${attempt}, lost ${lost ?? 'never'}, missed ${missed}${hasFirst ? ', tried' : ''}, priority ${priority}`;
}

function statusView(status: ModelStatus | undefined): StatusView | null {
  if (!status) return null;
  const { errors, token: _, priority: ____, isPending, isAlone: __, spared: ___, ...fields } = status;
  const { state } = fields;
  const names = [...errors].sort(([one], [other]) => one - other).map(([, name]) => name);
  return {
    ...fields,
    error: names.at(-1) ?? null,
    earlierErrors: names.slice(0, -1),
    created: state !== null,
    due: state === 'scheduled' || state === 'retrying',
    finished: isTerminal(state),
    expires: isTerminal(state) && !isPending,
  };
}
