/** The process of one measurement, started by `measurement.ts`: one peer, one workload, one Redis that is empty. */
import { Redis } from 'ioredis';
import { loadPeer } from './peers/index.js';
import { findWorkload } from './workloads/index.js';

const [peerName = '', workloadName = '', url = '', tasks = ''] = process.argv.slice(2);

// Whoever wanted the figures is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const redis = new Redis(url);
try {
  const peer = await loadPeer(peerName);
  const figures = await findWorkload(workloadName).run({ peer, url, redis, tasks: Number(tasks) });
  if (process.send) process.send(figures);
  else console.log(figures);
} finally {
  redis.disconnect();
  process.off('disconnect', orphaned);
  if (process.connected) process.disconnect();
}
