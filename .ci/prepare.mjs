/**
 * Gets a fresh clone ready to run: dependencies, a Redis server, the built library and the built samples.
 * `npm start` and `npm test` call it first, so it must need nothing that is not part of Node and npm,
 * do only what is missing, and say one line for each thing that it does.
 *
 *   --redis-unless-url   no server is needed when REDIS_URL names one
 *   --python             for tests that speak to the library from Python
 *   --chromium           for tests in a browser
 */
import { buildLibrary, buildSamples } from './builds.mjs';
import { installChromium } from './chromium.mjs';
import { installDependencies } from './dependencies.mjs';
import { installPythonRedis } from './python-redis.mjs';
import { installRedisServer } from './redis-server.mjs';
import { StepFailed } from './run-step.mjs';

const needsRedisServer = !(process.argv.includes('--redis-unless-url') && process.env.REDIS_URL);

try {
  installDependencies();
  if (needsRedisServer) installRedisServer();
  if (process.argv.includes('--python')) installPythonRedis();
  if (process.argv.includes('--chromium')) installChromium();
  buildLibrary();
  buildSamples();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}
