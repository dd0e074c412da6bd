import { isTaskName, QUEUE_NAME } from '../broker/names.js';
import type { RedisSource } from '../broker/redis/redis-source.js';
import { batchRule } from './batch-options.js';
import { concurrencyRule } from './concurrency.js';
import { parseDuration } from './duration.js';
import { MAX_GROUP_CONCURRENCY } from './group-limits.js';
import {
  arrayOf,
  duration,
  flag,
  integer,
  object,
  oneOf,
  pattern,
  record,
  required,
  rule,
  type Rule,
} from './option-rules.js';
import { plainNames } from './plain-options.js';
import { rateRule } from './rate.js';
import type { AckPolicy, DeliveryPolicy, StatusPolicy } from './redis-task-queue-options.interface.js';
import { taskRules } from './task-options.js';

/* What the options of the module may be. */

/** Options of a queue, checked: times in ms. */
export type PartialQueue = NonNullable<ReturnType<typeof queueRule>>;
/** Options of a task name, checked: times in ms. */
export type PartialTask = NonNullable<ReturnType<typeof taskNameRule>>;

const MAX_BYTES = 64 * 1024 * 1024;

const queueName = pattern(QUEUE_NAME, '1 to 64 of the characters A-Z a-z 0-9 _ . -');

const taskName = rule('a task name: text of 1 to 256 bytes without control characters', (given) =>
  isTaskName(given) ? given : undefined,
);

const queueRule = object({
  autoStart: flag,
  concurrency: concurrencyRule,
  globalConcurrency: integer(1, 1_000_000),
  rate: rateRule,
  retention: object({ completed: duration(0, '365d'), failed: duration(0, '365d') }),
  maxResultBytes: integer(0, MAX_BYTES),
  maxLost: integer(1, 100),
  maxLength: integer(1, Number.MAX_SAFE_INTEGER),
  aging: duration(1, '365d'),
  groups: object({ concurrency: integer(1, MAX_GROUP_CONCURRENCY), rate: rateRule }),
  status: oneOf<StatusPolicy>('full', 'final', 'off'),
  ack: oneOf<AckPolicy>('batch', 'each'),
  delivery: oneOf<DeliveryPolicy>('at-least-once', 'at-most-once'),
  schedules: flag,
  ...taskRules,
});

const taskNameRule = object({ ...taskRules, rate: rateRule, queue: queueName, batch: batchRule, schedules: flag });

const REDIS_ALLOWED =
  "a URL (redis:// or rediss://), the path of a socket, ioredis options without keyPrefix (use the module's prefix), " +
  'or a factory that returns a new Redis';

/** Unlike other rules it never shows what was given: passwords stand in there. */
export const redisRule: Rule<RedisSource> = (given, option, problems) => {
  if (given === undefined) return undefined;
  const problem = redisProblem(given);
  if (problem === null) return given as RedisSource;
  problems.push({ option, given: problem, allowed: REDIS_ALLOWED });
  return undefined;
};

function redisProblem(given: unknown): string | null {
  if (typeof given === 'function') return null;
  if (typeof given === 'string') {
    const isUrl = /^rediss?:\/\//.test(given) && URL.canParse(given);
    return isUrl || given.startsWith('/') ? null : 'text that is no URL and no path';
  }
  if (typeof given !== 'object' || given === null) return `a value of type ${typeof given}`;
  if ('sendCommand' in given) return 'a client';
  if (Object.getPrototypeOf(given) !== Object.prototype) return 'an object that holds no options';
  return ['keyPrefix', 'url'].filter((key) => key in given).map((key) => `options with ${key}`)[0] ?? null;
}

const consumeRule = rule<boolean | string[]>('true, false, or a list of queue names', (given) => {
  if (typeof given === 'boolean') return given;
  const isList = Array.isArray(given) && given.every((name) => typeof name === 'string' && QUEUE_NAME.test(name));
  return isList ? (given as string[]) : undefined;
});

const maxBlockedRule = rule("0, or milliseconds or text such as '30s', from 1s to 1h", (given) => {
  const ms = parseDuration(given);
  return ms !== null && (ms === 0 || (ms >= 1_000 && ms <= 3_600_000)) ? ms : undefined;
});

const ofNames = {
  queues: record(queueName, queueRule),
  tasks: record(taskName, taskNameRule),
};

/** What a feature module may say. */
export const featureRule = object(ofNames);

/** What `forRoot` may say. */
export const moduleRule = object({
  redis: redisRule,
  prefix: pattern(/^[^\s{}]{0,64}$/, 'at most 64 characters without white space and braces'),
  ...ofNames,
  schedules: object({ owner: queueName }),
  plain: arrayOf(
    object({ ...plainNames, list: required(plainNames.list), task: required(taskName), queue: queueName }),
  ),
  defaults: queueRule,
  consume: consumeRule,
  autoStart: flag,
  lease: duration('500ms', '1h'),
  maxBlocked: maxBlockedRule,
  shutdownTimeout: duration(0, '1h'),
  commandTimeout: duration('100ms', '1m'),
  waitForRedis: flag,
  globalEnhancers: flag,
  maxDataBytes: integer(1, MAX_BYTES),
  telemetry: flag,
  name: rule('none here: an instance is named beside useFactory, useClass or useExisting', () => undefined),
});
