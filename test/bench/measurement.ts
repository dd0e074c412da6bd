import { once } from 'node:events';
import type { Figures } from './figures.js';
import { forkScript } from './fork-script.js';

/** Far more than the slowest workload takes. */
const DEADLINE_MS = 5 * 60_000;

/** A workload, and how much of it. */
export interface Run {
  workload: string;
  amount: number;
}

/**
 * Measures in a process of its own, so that no measurement finds a heap, or compiled code, that another one left. (With
 * several runs these share the process.)
 *
 * @returns figures in the order of the runs
 */
export async function measure(peer: string, url: string, runs: readonly Run[]): Promise<Figures[]> {
  const args = runs.map(({ workload, amount }) => `${workload}=${amount}`);
  const child = forkScript('./measure.ts', [peer, url, ...args], DEADLINE_MS);
  const figures: Figures[] = [];
  child.on('message', (message) => figures.push(message as Figures));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code === 0 && figures.length === runs.length) return figures;
  const failed = runs[figures.length]?.workload ?? 'The last workload';
  throw new Error(`${failed} with ${peer} ended with ${signal ?? `exit status ${code}`} instead of figures.`);
}
