/**
 * The process of one measurement, started by `measurement.ts`: one peer, one Redis that is emptied first, one workload.
 * Given several, `<name>=<amount>` each, it measures one after the other.
 */
import { Redis } from 'ioredis';
import { loadPeer } from './peers/index.js';
import { findWorkload } from './workloads/index.js';

const [peerName = '', url = '', ...runs] = process.argv.slice(2);

// Whoever wanted the figures is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const redis = new Redis(url);
try {
  const peer = await loadPeer(peerName);
  for (const run of runs) {
    const [workload = '', amount = ''] = run.split('=');
    await redis.flushall('SYNC');
    await redis.script('FLUSH', 'SYNC');
    const figures = await findWorkload(workload).run({ peer, peerName, url, redis, amount: Number(amount) });
    if (process.send) process.send(figures);
    else console.log(workload, figures);
  }
} finally {
  redis.disconnect();
  process.off('disconnect', orphaned);
  if (process.connected) process.disconnect();
}
