/**
 * `node --import <this file>`: the sources run as they are, but in the main thread only. A thread that the library starts runs
 * what was built, and must not pay for a compiler that no user has.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) await import('../support/typescript/register.mjs');
