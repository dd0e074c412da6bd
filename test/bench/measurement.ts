import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Figures } from './figures.js';

const MEASURE = fileURLToPath(new URL('./measure.ts', import.meta.url));
const REGISTER = new URL('../support/typescript/register.mjs', import.meta.url).href;
/** Far more than the slowest workload takes. */
const DEADLINE_MS = 5 * 60_000;

/** Measures in a process of its own, so that no measurement finds a heap, or compiled code, that another one left. */
export async function measure(peer: string, workload: string, url: string, tasks: number): Promise<Figures> {
  const child = fork(MEASURE, [peer, workload, url, String(tasks)], {
    execArgv: ['--expose-gc', '--import', REGISTER],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  let figures: Figures | undefined;
  child.on('message', (message) => (figures = message as Figures));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code === 0 && figures) return figures;
  throw new Error(`${workload} with ${peer} ended with ${signal ?? `exit status ${code}`} instead of figures.`);
}
