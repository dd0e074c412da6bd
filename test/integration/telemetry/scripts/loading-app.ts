/** Runs a task in memory, and tells what came of it and how often the package of OpenTelemetry was asked for. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { register } from 'node:module';
import { MessageChannel } from 'node:worker_threads';
import type { RedisTaskQueueOptions, TaskQueueError } from '../../../../lib/index.js';
import { workHandler } from '../../../support/work-handler.js';

const { port1, port2 } = new MessageChannel();
let asked = 0;
port1.on('message', () => asked++).unref();
register('./watched-api.hooks.mjs', {
  parentURL: import.meta.url,
  data: { port: port2, isMissing: process.env['IS_MISSING'] === 'true' },
  transferList: [port2],
});

const { RedisTaskQueueModule, TaskProducer } = await import('../../../../lib/index.js');
const { RedisTaskQueueTestingModule, TaskQueueTester } = await import('../../../../lib/testing/index.js');
const options = JSON.parse(process.env['MODULE_OPTIONS'] ?? '') as RedisTaskQueueOptions;

@Module({ imports: [RedisTaskQueueTestingModule.forRoot(options)], providers: [workHandler(() => 'done')] })
class AppModule {}

/** As it is without tests, up to where it fails: nothing of it may keep the process running. */
@Module({ imports: [RedisTaskQueueModule.forRoot(options)] })
class RealModule {}

async function start(): Promise<object> {
  const isReal = options.telemetry === true && process.env['IS_MISSING'] === 'true';
  const module = isReal ? RealModule : AppModule;
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  await app.get(TaskProducer).add('work');
  const ran = await app.get(TaskQueueTester).drain();
  await app.close();
  return { results: ran.map(({ result }) => result) };
}

const told = await start().catch((error: unknown) => {
  const { code, message } = error as TaskQueueError;
  return { code, message };
});
// What the hooks have sent before is there by now.
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify({ ...told, asked }));
