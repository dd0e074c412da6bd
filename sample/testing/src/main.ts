import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { TaskProducer } from 'nestjs-redis-task-queue';
import { AppModule } from './app.module.js';
import { redisUrl } from './redis-url.js';

// Where the module looks for Redis.
process.env['REDIS_URL'] = await redisUrl();
const app = await NestFactory.createApplicationContext(AppModule);
app.enableShutdownHooks();
await app.get(TaskProducer).add('invoice.send', { number: 1, to: 'ann@example.org' });
