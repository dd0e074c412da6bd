import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { portFromEnvironment } from './port.js';

try {
  await start(portFromEnvironment());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function start(wantedPort: number): Promise<void> {
  const app = await NestFactory.create(AppModule, {
    abortOnError: false,
    // Whoever listens to the events of a task would keep the application from ending.
    forceCloseConnections: true,
  });
  // On SIGTERM or Ctrl-C: no further requests and tasks, then finish what is under way.
  app.enableShutdownHooks();
  await app.listen(wantedPort);

  const { port } = new URL(await app.getUrl());
  console.log(`
Listening on http://localhost:${port}. Open it in a browser, or try:

  curl -i http://localhost:${port}/emails -H 'Content-Type: application/json' -d '{"to":"ann@example.org"}'
  curl http://localhost:${port}/tasks/<id>
  curl -N http://localhost:${port}/tasks/<id>/events
`);
}
