import { createDigestApp } from './digest.module.js';

/** What tells a process that it is a worker; where Redis is, it learns from `REDIS_URL`. */
export const WORKER_ENVIRONMENT = { DIGEST_ROLE: 'worker' };

const GIVE_UP_MS = 3_000;

export function isWorkerProcess(): boolean {
  return process.env.DIGEST_ROLE === WORKER_ENVIRONMENT.DIGEST_ROLE;
}

/** Works on tasks until SIGTERM comes, or the process that started it ends. */
export async function runWorker(): Promise<void> {
  const app = await createDigestApp({});
  // On SIGTERM it takes no more tasks, finishes those that run, closes its connections and ends.
  app.enableShutdownHooks();

  const stop = (): void => {
    void app.close();
    // A private Redis is gone by now, too, and there is nobody to report to.
    setTimeout(() => process.exit(1), GIVE_UP_MS).unref();
  };
  // The channel to the parent breaks when the parent ends, however it ends. (A worker started by hand has none.)
  process.once('disconnect', stop);
  if (process.connected) process.send?.('ready');
  else if (process.send) stop();
}
