import { createHash } from 'node:crypto';
import type { AddOptions, DueOptions, PlainTaskOptions } from '../../../lib/index.js';

/** What a handler is asked to do. */
export const KINDS = [
  'quick',
  'slow',
  'long',
  'cpu',
  'delayed',
  'batched',
  'throwing',
  'flaky',
  'stuck',
  'unwanted',
  'poison',
  'rated',
  'unique',
  'debounced',
  'ticked',
] as const;
export type Kind = (typeof KINDS)[number];

/** The data of a task. */
export interface ChaosData {
  /** Of the task as planned, of the add or of the schedule, so that data that got to another task is found out. */
  id: string;
  kind: Kind;
  /** How long it takes. */
  ms: number;
  /** How many attempts are to throw before one may succeed. */
  throws: number;
  payload: string;
  /** Of all of the above. */
  checksum: string;
}

/** What a completed task has for a result. */
export interface ChaosResult {
  /** Names one run of a handler, and no other. */
  run: string;
  checksum: string;
}

/** A task that the plan asks for. */
export interface PlannedTask {
  /** The caller's own id. */
  id: string;
  queue: string;
  kind: Kind;
  data: ChaosData;
  /** How often it is tried before it has failed. */
  attempts: number;
  options: PlainTaskOptions & DueOptions & Pick<AddOptions, 'group' | 'debounce'>;
  /** In place of a delay: the task is due so long after the first tasks are added. */
  dueAfterMs?: number;
}

/** An add with a key. Which task it comes to is known only by its answer. */
export interface KeyedAdd {
  kind: 'unique' | 'debounced';
  queue: string;
  key: string;
  /** Its id is that of the add. */
  data: ChaosData;
  options: AddOptions;
  /** Which producer makes it. */
  share: number;
  /** When, from the first tasks on. */
  afterMs: number;
}

export const publicIdOf = ({ queue, id }: Pick<PlannedTask, 'queue' | 'id'>): string => `${queue}:${id}`;

export const taskNameOf = (kind: Kind): string => `chaos.${kind}`;

export function withChecksum(data: Omit<ChaosData, 'checksum'>): ChaosData {
  return { ...data, checksum: checksumOf(data) };
}

/** Whether these are data as they were planned for some task, byte for byte. */
export function isIntact(data: unknown): data is ChaosData {
  if (typeof data !== 'object' || data === null) return false;
  const { checksum, ...rest } = data as ChaosData;
  return checksum === checksumOf(rest);
}

/** Sensitive to the order of members, too: JSON keeps it. */
function checksumOf(data: Omit<ChaosData, 'checksum'>): string {
  return createHash('sha1').update(JSON.stringify(data)).digest('base64');
}
