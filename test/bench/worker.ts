/**
 * A process with one worker, started by `worker-process.ts`. It says when it has loaded its code, works when it is told to,
 * and ends with a report when it is told so.
 */
import { once } from 'node:events';
import { loadPeer } from './peers/index.js';
import { QUEUE } from './task-data.js';
import type { WorkerReport } from './worker-process.js';

const [peerName = '', url = '', concurrency = ''] = process.argv.slice(2);

// Whoever wanted the report is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const peer = await loadPeer(peerName);
const toldToWork = once(process, 'message');
process.send?.('loaded');
await toldToWork;

const toldToStop = once(process, 'message');

const startedAt = performance.now();
const report: WorkerReport = { handled: [], firstTaskMs: Number.NaN };
const worker = await peer.work(url, {
  queues: [QUEUE],
  concurrency: Number(concurrency),
  handle({ n }) {
    if (report.handled.length === 0) report.firstTaskMs = performance.now() - startedAt;
    report.handled.push(n);
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
