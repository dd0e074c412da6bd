import type { Incidents } from '../incidents.js';
import { FLAKY_ATTEMPTS } from '../plan.js';
import { type JournalLine, linesOf } from '../run-journal.js';
import type { Place, Snapshot, SnapshotStatus } from '../snapshot.js';
import { type ChaosData, type ChaosResult, type KeyedAdd, type PlannedTask } from '../tasks.js';

/** All processes have the same clock, and read it in whole ms. */
const TOLERANCE_MS = 2;

/** What became of the adds with keys. */
export interface Keys {
  violations: string[];
  /** The tasks that they have come to, with the data that they have. */
  tasks: PlannedTask[];
}

/** What a producer wrote down of one add: when it was tried, and what the answer was. */
interface Try {
  add: KeyedAdd;
  askedAt: number[];
  answer?: { at: number; id: string; outcome: string };
}

/**
 * Every add was answered, and the answer names a task of its key: one that was there at that time. A task has the data of the
 * last add that was answered with its id. (An add that was tried several times, or while the network or Redis were disturbed, may have
 * arrived later than its answer tells: then its data may be the last ones, or have made a task that nobody was told of.)
 */
export function checkKeys(
  adds: readonly KeyedAdd[],
  snapshots: readonly Snapshot[],
  journal: readonly JournalLine[],
  { outages }: Incidents,
): Keys {
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
  const places = new Map(snapshots.flatMap((snapshot) => [...snapshot.places]));
  const tries = gather(adds, journal);
  const keys: Keys = { violations: [], tasks: [] };

  for (const { add, askedAt, answer } of tries.values()) {
    if (!answer) keys.violations.push(`${add.data.id} was not answered`);
    else keys.violations.push(...judgeAnswer(add, askedAt.at(-1) ?? 0, answer, statuses.get(answer.id)));
  }

  const lastOf = new Map<string, Try>();
  const answered = [...tries.values()].filter(({ answer }) => answer && answer.outcome !== 'duplicate');
  for (const each of answered.toSorted((a, b) => (a.answer?.at ?? 0) - (b.answer?.at ?? 0)))
    lastOf.set(each.answer?.id ?? '', each);
  const byChecksum = new Map([...tries.values()].map((each) => [each.add.data.checksum, each]));
  const tasksOf = new Map<string, number>();
  for (const [id, status] of statuses) {
    if (status.lock === '') continue;
    const mine = byChecksum.get(checksumOf(status, places.get(id)) ?? '');
    if (!mine || lockOf(mine.add) !== status.lock) {
      keys.violations.push(`${id}: it has the data of no add with its key`);
      continue;
    }
    const { add, askedAt } = mine;
    keys.tasks.push(taskOf(id, add));
    const times = (tasksOf.get(add.data.id) ?? 0) + 1;
    tasksOf.set(add.data.id, times);
    if (times > askedAt.length)
      keys.violations.push(`${add.data.id} was tried ${askedAt.length} times, and is the data of ${times} tasks`);
    const last = lastOf.get(id);
    if (last !== mine && isCertain(mine, outages))
      keys.violations.push(`${id} has the data of ${add.data.id}, the last add was ${last?.add.data.id ?? 'none'}`);
  }
  return keys;
}

function gather(adds: readonly KeyedAdd[], journal: readonly JournalLine[]): Map<string, Try> {
  const tries = new Map<string, Try>(adds.map((add) => [add.data.id, { add, askedAt: [] }]));
  for (const { add, at } of linesOf(journal, 'asked')) tries.get(add)?.askedAt.push(at);
  for (const { add, at, id, outcome } of linesOf(journal, 'answered')) {
    const known = tries.get(add);
    if (known) known.answer = { at, id, outcome };
  }
  return tries;
}

function judgeAnswer(
  add: KeyedAdd,
  askedAt: number,
  { at, id, outcome }: NonNullable<Try['answer']>,
  status: SnapshotStatus | undefined,
): string[] {
  const said = `the answer to ${add.data.id} was ${outcome} ${id}`;
  if (!status) return [`${said}, of which there is no status`];
  if (status.lock !== lockOf(add)) return [`${said}, which has another key`];
  const hasWaited = status.createdAt <= at + TOLERANCE_MS && status.finishedAt >= askedAt - TOLERANCE_MS;
  return outcome === 'duplicate' && !hasWaited ? [`${said}, which had ended, or was not there yet`] : [];
}

/** As it stands in a status: by kind and name, whatever the text of the key. */
function lockOf({ kind, key }: KeyedAdd): string {
  return kind === 'unique' ? `unique:chaos.unique\n${key}` : `debounce:chaos.debounced\n${key}`;
}

/** Of the data that it was completed with, or was buried with. */
function checksumOf({ result }: SnapshotStatus, places: readonly Place[] = []): string | undefined {
  if (result !== '') return (JSON.parse(result) as ChaosResult).checksum;
  const [place] = places;
  return place && (JSON.parse(place.envelope) as { data: ChaosData }).data.checksum;
}

function taskOf(publicId: string, { kind, queue, data, options }: KeyedAdd): PlannedTask {
  const attempts = kind === 'unique' ? FLAKY_ATTEMPTS : 1;
  const { delay, debounce } = options;
  const id = publicId.slice(queue.length + 1);
  return { id, queue, kind, data, attempts, options: { ...(delay !== undefined && { delay }), debounce } };
}

/** Whether it arrived between question and answer, and not once more. */
function isCertain({ askedAt, answer }: Try, outages: Incidents['outages']): boolean {
  const [from = 0] = askedAt;
  const to = answer?.at ?? Infinity;
  return askedAt.length === 1 && !outages.some((outage) => outage.from <= to && outage.to >= from);
}
