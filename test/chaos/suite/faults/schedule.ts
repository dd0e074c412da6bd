import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { RunSettings } from '../settings.js';
import type { Stage } from '../stage.js';
import type { Fault } from './fault.js';
import { FAULTS } from './index.js';

/** Until then all goes as it should. */
const FIRST_MS = 1_000;

interface ScheduledFault {
  /** From the start of the run. */
  atMs: number;
  fault: Fault;
  /** For what the fault draws itself. */
  random: Random;
}

/** Which fault comes when: the same for the same random numbers. */
export function scheduleFaults(random: Random, { faults, seconds, faultEveryMs }: RunSettings): ScheduledFault[] {
  const chosen = FAULTS.filter(({ name }) => faults.includes(name));
  if (chosen.length === 0) return [];
  const scheduled: ScheduledFault[] = [];
  for (let atMs = FIRST_MS; atMs < seconds * 1_000; atMs += faultEveryMs * (0.2 + 1.6 * random.next())) {
    scheduled.push({ atMs, fault: random.weighted(chosen), random: random.fork() });
  }
  return scheduled;
}

/** Injects them when it is time; resolves when the last one is over. Those on the same thing take turns. */
export async function injectFaults(stage: Stage, scheduled: readonly ScheduledFault[]): Promise<void> {
  const start = performance.now();
  const turns = new Map<Fault['on'], Promise<void>>();
  const all: Promise<void>[] = [];
  for (const { atMs, fault, random } of scheduled) {
    await delay(start + atMs - performance.now());
    const before = fault.on === 'worker' ? undefined : turns.get(fault.on);
    const turn = (async () => {
      await before;
      stage.incidents.injected(fault.name);
      try {
        const inject = (): Promise<void> => fault.inject(stage, random);
        await (fault.on === 'worker' ? inject() : stage.incidents.outage(inject));
      } catch (error) {
        stage.incidents.problem(`Fault ${fault.name} could not be injected: ${String(error)}`);
      }
    })();
    turns.set(fault.on, turn);
    all.push(turn);
  }
  await Promise.all(all);
}
