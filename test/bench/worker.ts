/**
 * A process with one worker, started by `worker-process.ts`. It says when it has loaded its code, and works when it is told to.
 * It says when its first task has come, and holds what comes until it is told to go on. It ends with a report when it is told so.
 */
import { on } from 'node:events';
import { loadPeer } from './peers/index.js';
import { QUEUE } from './task-data.js';
import type { WorkerReport } from './worker-process.js';

const [peerName = '', url = '', concurrency = ''] = process.argv.slice(2);

// Whoever wanted the report is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const messages = on(process, 'message');
const [toldToWork, toldToGoOn, toldToStop] = [messages.next(), messages.next(), messages.next()];
const peer = await loadPeer(peerName);
process.send?.('loaded');
await toldToWork;

const startedAt = performance.now();
const report: WorkerReport = { handled: [], firstTaskMs: Number.NaN };
const worker = await peer.work(url, {
  queues: [QUEUE],
  concurrency: Number(concurrency),
  async handle({ n }) {
    report.handled.push(n);
    if (report.handled.length === 1) {
      report.firstTaskMs = performance.now() - startedAt;
      process.send?.('begun');
    }
    await toldToGoOn;
    return { n };
  },
  onError(error) {
    console.error(error);
    process.exit(1);
  },
});
await toldToStop;

await worker.close();
// It may be long: who disconnects while it is being written cuts it off.
await new Promise((resolve) => process.send?.(report, resolve));
process.off('disconnect', orphaned);
process.disconnect();
