/** Runs a task in memory, closes its application, tells what that has opened, and has nothing left to do. */
import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import { NestFactory } from '@nestjs/core';
import { Injectable, Module } from '@nestjs/common';
import { TaskHandler, TaskProducer, TaskSchedule } from '../../../../lib/index.js';
import { RedisTaskQueueTestingModule, TaskQueueTester } from '../../../../lib/testing/index.js';

let connections = 0;
subscribe('net.client.socket', () => connections++);

@Injectable()
class Tasks {
  @TaskHandler('work')
  @TaskSchedule({ every: '1h' }, { data: 'tick' })
  async work(data: string): Promise<string> {
    return data;
  }
}

@Module({ imports: [RedisTaskQueueTestingModule.forRoot()], providers: [Tasks] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
await app.get(TaskProducer).add('work', 'done', { delay: '1m' });
const ran = await app.get(TaskQueueTester).advance('1h');
await app.close();
console.log(JSON.stringify({ results: ran.map(({ result }) => result), connections }));
