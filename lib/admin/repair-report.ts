import type { Damage, DamageKind } from '../broker/damage.js';
import { type Partition, publicId } from '../broker/partition.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { object, rule } from '../options/option-rules.js';

/** What a repair found. */
export interface RepairReport {
  queue: string;
  /** Nothing was found. */
  isClean: boolean;
  /** One entry for each kind of damage that was found. */
  damages: DamageReport[];
}

export interface DamageReport {
  kind: DamageKind;
  found: number;
  /** Fewer than were found in a dry run, and where something cannot be mended safely. */
  repaired: number;
  /** Public ids, at most 10; where it is about workers or lanes theirs. */
  examples: string[];
}

export interface RepairOptions {
  /** Only looks, and changes nothing. @default false */
  dryRun?: boolean | undefined;
}

const MAX_EXAMPLES = 10;
/** How many are remembered, so that what is met twice, because it moved, counts once. */
const MAX_REMEMBERED = 10_000;

const optionsRule = object({
  dryRun: rule('true or false', (given) => (typeof given === 'boolean' ? given : undefined)),
});

/** @throws InvalidOptionsError */
export function checkDryRun(options: RepairOptions): boolean {
  const problems: OptionProblem[] = [];
  const { dryRun = false } = optionsRule(options, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return dryRun;
}

const NOT_ABOUT_A_TASK: ReadonlySet<DamageKind> = new Set(['unlistedWorker', 'bellWithoutExpiry', 'unnamedLane']);

/** Counts what the steps of a repair find. */
export class DamageCounter {
  private readonly reports = new Map<DamageKind, DamageReport>();
  private readonly remembered = new Map<string, boolean>();

  constructor(private readonly partition: Partition) {}

  add(damages: readonly Damage[]): void {
    for (const damage of damages) this.count(damage);
  }

  report(queue: string): RepairReport {
    const damages = [...this.reports.values()];
    return { queue, isClean: damages.length === 0, damages };
  }

  private count({ kind, id, repaired }: Damage): void {
    const report = this.reports.get(kind) ?? { kind, found: 0, repaired: 0, examples: [] };
    this.reports.set(kind, report);
    const key = `${kind}:${id}`;
    const before = this.remembered.get(key);
    // A dry run, or what could not be mended: it is still the same.
    const isNew = before !== false;
    if (isNew) {
      report.found++;
      if (report.examples.length < MAX_EXAMPLES) report.examples.push(this.show(kind, id));
    }
    if (repaired) report.repaired++;
    if (this.remembered.size < MAX_REMEMBERED) this.remembered.set(key, repaired);
  }

  private show(kind: DamageKind, id: string): string {
    if (kind === 'silentBell') return this.partition;
    return NOT_ABOUT_A_TASK.has(kind) ? id : publicId(this.partition, id);
  }
}
