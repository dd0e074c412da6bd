import type {
  Damage,
  RepairCursor,
  RepairListPage,
  RepairListRequest,
  RepairMode,
  RepairPage,
  RepairPlace,
} from './damage.js';
import type { Partition } from './partition.js';

/** The steps of a repair. Each is bounded in its work, and safe to repeat. */
export interface RepairStore {
  /**
   * Looks through one page of a place, and mends what it finds there.
   * @param cursor `null` for the first page @throws LayoutMismatchError on the first page
   */
  page(partition: Partition, mode: RepairMode, place: RepairPlace, cursor: RepairCursor | null): Promise<RepairPage>;

  /** Looks through one page of the queue or of the suspects. */
  listPage(partition: Partition, mode: RepairMode, request: RepairListRequest): Promise<RepairListPage>;

  /** Looks whether two workers hold a task. @param twins ids that `worker` seems to hold, and who else does */
  twins(partition: Partition, mode: RepairMode, worker: string, twins: ReadonlyMap<string, string>): Promise<Damage[]>;

  /** Looks everywhere for tasks of these ids but in the midst of the lists, where a walk has not met them. */
  missing(partition: Partition, mode: RepairMode, ids: readonly string[]): Promise<Damage[]>;

  /**
   * Looks whether tasks wait with nobody to come for them. Damage is what two looks, some time apart, have seen.
   * @param earlier what the first look returned as `next`, else ''
   * @returns as `next` what waits with an empty bell, '' if nothing does
   */
  bell(partition: Partition, mode: RepairMode, earlier: string): Promise<{ next: string; damages: Damage[] }>;
}
