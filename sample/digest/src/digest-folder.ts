import { join } from 'node:path';
import type { Arguments } from './arguments.js';
import { createDigestApp } from './digest.module.js';
import { FileDigests } from './file-digests.js';
import { listFiles } from './files.js';
import { count } from './numbers.js';
import { ProgressBar } from './progress-bar.js';
import { hasFailed, type ReportRow, table, totals } from './report.js';
import { showStatusKey } from './status-key.js';
import { withRedis } from './with-redis.js';
import { WorkerProcesses } from './worker-processes.js';

/** Digests all files of a folder and prints what came out. @returns the exit code */
export async function digestFolder({ folder, processes }: Arguments, interrupted: AbortSignal): Promise<number> {
  const { files, skipped, unreadable } = await listFiles(folder);
  if (skipped > 0)
    console.log(`Left out ${count(skipped, 'entry', 'entries')}: symbolic links, devices, .git, node_modules`);
  for (const problem of unreadable) console.error(`Left out a folder that cannot be read: ${problem}`);
  if (files.length === 0) {
    console.log(`There are no files in ${folder}.`);
    return unreadable.length > 0 ? 1 : 0;
  }

  return withRedis(async (redis) => {
    const app = await createDigestApp({ redis: redis.url, consume: processes === 0 });
    const workers = new WorkerProcesses(redis.url, interrupted);
    try {
      await workers.start(processes);
      const where =
        processes === 0 ? 'in this process' : `by ${count(processes, 'worker process', 'worker processes')}`;
      console.log(`${count(files.length, 'file')} in ${folder}, digested ${where}`);
      const digests = app.get(FileDigests);
      const ids = await digests.add(files.map((file) => join(folder, file)));
      const rows = await follow(digests, files, ids, AbortSignal.any([interrupted, workers.lost]));

      console.log(`\n${table(rows)}\n\n${totals(rows)}\n`);
      console.log(await showStatusKey(ids[0] ?? '', redis));
      return rows.some(hasFailed) || unreadable.length > 0 ? 1 : 0;
    } finally {
      await workers.stop();
      await app.close();
    }
  });
}

/** Draws the progress until all tasks are done. */
async function follow(
  digests: FileDigests,
  files: readonly string[],
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReportRow[]> {
  const bar = new ProgressBar(ids.length);
  try {
    const outcomes = await digests.outcomes(ids, (done) => bar.show(done), signal);
    return ids.map((id, index) => ({ path: files[index] ?? '', outcome: outcomes.get(id) ?? null }));
  } finally {
    bar.end();
  }
}
