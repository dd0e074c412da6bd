import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { HttpModule } from './http.module.js';
import { portFromEnvironment } from './port.js';
import { redisUrl } from './redis-url.js';
import { WorkerModule } from './worker.module.js';

// Two applications, which would be two processes elsewhere: they have nothing in common but Redis and contract.ts.
const redis = await redisUrl();
const worker = await NestFactory.createApplicationContext(WorkerModule.on(redis));
const http = await NestFactory.create(HttpModule.on(redis));
for (const app of [worker, http]) app.enableShutdownHooks();
await http.listen(portFromEnvironment());

const { port } = new URL(await http.getUrl());
const quote = JSON.stringify({
  customer: 'ann@example.org',
  lines: [{ article: 'chair', pieces: 4 }],
  validUntil: '2099-12-31',
});
console.log(`
Listening on http://localhost:${port}. Try:

  curl http://localhost:${port}/quotes -H 'Content-Type: application/json' -d '${quote}'
  curl http://localhost:${port}/quotes/<id>
`);
