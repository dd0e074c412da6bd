/** Runs one task in a process that has an SDK of its own, tells of its span, and ends. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisTaskQueueModule, type RedisTaskQueueOptions } from '../../../../lib/index.js';
import { eventually } from '../../../support/eventually.js';
import { RecordedTelemetry } from '../../../support/recorded-telemetry.js';
import { workHandler } from '../../../support/work-handler.js';

const options = JSON.parse(process.env['WORKER_OPTIONS'] ?? '') as RedisTaskQueueOptions;
const sdk = new RecordedTelemetry().start();

@Module({ imports: [RedisTaskQueueModule.forRoot(options)], providers: [workHandler(() => 'done')] })
class WorkerApp {}

const app = await NestFactory.createApplicationContext(WorkerApp, { logger: ['error'] });
const [run] = await eventually(() => sdk.named('process default').length > 0 && sdk.named('process default'));
await app.close();
const { traceId } = run!.spanContext();
const messageId = run!.attributes['messaging.message.id'];
console.log(JSON.stringify({ traceId, parentId: run!.parentSpanContext?.spanId, messageId }));
await sdk.stop();
