import 'reflect-metadata';
import { ContextIdFactory, NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { httpAdapter } from './platform.js';
import { ByTenant } from './tenant.js';

async function start(): Promise<void> {
  ContextIdFactory.apply(new ByTenant());
  const app = await NestFactory.create(AppModule, httpAdapter(), { abortOnError: false });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`Listening on ${await app.getUrl()}`);
}

start().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
