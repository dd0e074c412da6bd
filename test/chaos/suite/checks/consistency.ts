import { GROUP_CONCURRENCY } from '../plan.js';
import { hasEnded, type Place, type Snapshot, type SnapshotStatus } from '../snapshot.js';
import { checkExclusion } from './exclusion.js';

/** Which states a status may have, by where its task stands. A claim need not be marked at once. */
const STATES: Record<Place['structure'], readonly string[]> = {
  queue: ['waiting', 'cancelled'],
  suspects: ['waiting', 'cancelled'],
  active: ['waiting', 'active'],
  scheduled: ['scheduled', 'retrying'],
  dead: ['failed'],
};

/**
 * Looks at snapshots while the run goes on: at every moment each task stands in exactly one place, or is completed and
 * stands in none; what has ended stays as it is; of no group workers hold more than they may, and of no key or schedule there are more tasks than there may be.
 */
export class Consistency {
  readonly violations: string[] = [];
  snapshots = 0;
  private readonly ended = new Map<string, SnapshotStatus>();

  check(snapshot: Snapshot): void {
    this.snapshots++;
    const { places, statuses, recent, contradictions } = snapshot;
    this.violations.push(...contradictions);
    for (const [id, status] of statuses) {
      this.checkPlace(id, status, places.get(id) ?? []);
      this.checkEnd(id, status);
    }
    for (const id of places.keys())
      if (!statuses.has(id)) this.violations.push(`${id} stands somewhere, but has no status`);
    for (const id of this.ended.keys()) {
      if (id.startsWith(`${snapshot.queue}:`) && !statuses.has(id)) this.violations.push(`${id}: its status is gone`);
    }
    this.checkGroups(snapshot);
    this.violations.push(...checkExclusion(snapshot));
    const twice = recent.filter((id, index) => recent.indexOf(id) < index);
    for (const id of twice) this.violations.push(`${id} was finished twice, says the list of recent tasks`);
  }

  private checkPlace(id: string, { state }: SnapshotStatus, places: readonly Place[]): void {
    const show = places.map(({ structure, worker }) =>
      worker === undefined ? structure : `${structure} with ${worker}`,
    );
    const expected = state === 'completed' ? 0 : 1;
    // What was cancelled while it was waiting stays in the list until somebody comes across it.
    const isDropped = state === 'cancelled' && places.length === 0;
    if (places.length !== expected && !isDropped)
      this.violations.push(`${id} is ${state} and stands in [${show.join(', ')}]`);
    for (const { structure } of places) {
      if (!STATES[structure].includes(state)) this.violations.push(`${id} is ${state}, but stands in ${structure}`);
    }
  }

  private checkGroups({ queue, places }: Snapshot): void {
    const held = new Map<string, number>();
    for (const { structure, envelope } of [...places.values()].flat()) {
      const group =
        structure === 'active' && /^\{"id":"(?:[^"\\]|\\.)+",[^{]*?"group":"([^"]+)","name"/.exec(envelope)?.[1];
      if (group) held.set(group, (held.get(group) ?? 0) + 1);
    }
    for (const [group, count] of held) {
      if (count > GROUP_CONCURRENCY) this.violations.push(`${queue}: workers hold ${count} tasks of group ${group}`);
    }
  }

  private checkEnd(id: string, status: SnapshotStatus): void {
    const before = this.ended.get(id);
    if (before && (before.state !== status.state || before.result !== status.result || before.error !== status.error)) {
      this.violations.push(`${id} had ended as ${JSON.stringify(before)}, and is now ${JSON.stringify(status)}`);
    }
    if (hasEnded(status)) this.ended.set(id, status);
  }
}
