import type { RedisSource } from '../broker/redis/redis-source.js';
import type { BatchOptions } from './batch-options.js';
import type { Duration } from './duration.js';
import type { PlainListOptions } from './plain-options.js';
import type { RateOptions } from './rate.js';
import type { TaskOptions } from './task-options.js';

/** How long the status key of a finished task stays. `0` keeps nothing, not even a dead letter. */
export interface RetentionOptions {
  /** Of tasks that were cancelled, too. @default '24h' */
  completed?: Duration | undefined;
  /** Also the age at which a dead letter is dropped. @default '7d' */
  failed?: Duration | undefined;
}

/**
 * What of its tasks stands in status keys.
 *
 * | | `full` | `final` | `off` |
 * |---|---|---|---|
 * | from when on a task has one | it was added | it has ended, failed an attempt, was given back or put off, said how far it is, or was lost | the same, without what is completed or cancelled |
 * | a waiting task can be cancelled | yes | no | no |
 * | an `add` whose answer was lost | adds once | may add twice | may add twice |
 *
 * A task with an id of its caller's own has a status from the beginning in any case.
 */
export type StatusPolicy = 'full' | 'final' | 'off';

/**
 * When a slot is free again: as soon as its handler has ended, and outcomes travel to Redis together (`batch`); or once
 * Redis knows how that task has ended (`each`). A worker that dies leaves behind tasks that have ended without that Redis knows,
 * and they run again: with `batch` those of the last few milliseconds, with `each` as many as there are slots, at most.
 */
export type AckPolicy = 'batch' | 'each';

/**
 * What becomes of a task whose worker dies, or shuts down before it has ended. `at-least-once`: it runs again.
 * `at-most-once`: it never runs again by itself, whether it had begun or not, but is a dead letter, `lost` or `interrupted`. Tasks are
 * not fetched ahead then. A handler that throws may be tried again all the same, as far as `attempts` says so.
 */
export type DeliveryPolicy = 'at-least-once' | 'at-most-once';

/** Options of one queue, and of its tasks where these have none of their own. */
export interface QueueOptions extends TaskOptions {
  /** Whether this process begins to work on the queue when the application starts. @default the module's `autoStart` */
  autoStart?: boolean | undefined;
  /** How many tasks of this queue one process runs at once. @default 10 */
  concurrency?: number | undefined;
  /**
   * How many tasks of this queue all processes together hold at once; what a process holds that has died counts until others have
   * taken over. Tasks are not fetched ahead then. @default no limit
   */
  globalConcurrency?: number | undefined;
  /** How many tasks of this queue all processes together start. Tasks are not fetched ahead then. @default no limit */
  rate?: RateOptions | undefined;
  retention?: RetentionOptions | undefined;
  /**
   * The longest result, as JSON in bytes, that a status key keeps. A longer one is left out and the status says so:
   * the task is completed all the same, since its work is done. @default 65536 (64 KiB)
   */
  maxResultBytes?: number | undefined;
  /**
   * How often a task may be lost with a worker that died while it ran. Lost so often it is a suspect: a process runs one of
   * these at a time, apart from all else, and if it dies once more the task becomes a dead letter, `lost too often`, that names
   * the workers. Means nothing where `delivery` is `at-most-once`. @default 2
   */
  maxLost?: number | undefined;
  /**
   * Fewer statuses cost less. Processes that add and processes that work should agree; where they do not nothing is lost.
   * @default 'full'
   */
  status?: StatusPolicy | undefined;
  /** @default 'batch' */
  ack?: AckPolicy | undefined;
  /** @default 'at-least-once' */
  delivery?: DeliveryPolicy | undefined;
  /** How many tasks may wait, and how many may be scheduled: beyond it `add` fails with `QUEUE_FULL`. @default no limit */
  maxLength?: number | undefined;
  /**
   * How long a task waits for what counts as much as one priority more, so that those of low priority have their turn some day,
   * however many of a higher one are added. Counted from when the task was added. @default never: a higher priority is always first
   */
  aging?: Duration | undefined;
  /**
   * Whether the schedules are on that the code declares with `@TaskSchedule`. `false`: this process neither enters them in Redis nor makes
   * their ticks. Those that stand there stay, and other processes go on with them. `TaskScheduler` is not concerned. @default true
   */
  schedules?: boolean | undefined;
  /** What holds for every group of tasks that nothing else is set for with `TaskQueueAdmin.setGroup`. */
  groups?: GroupsOptions | undefined;
}

/** Options for all groups of a queue. */
export interface GroupsOptions {
  /**
   * How many tasks of one group run at once, in all processes together, those counted that workers hold and have not begun. With 1
   * the tasks of a group run one after the other, in the order in which they were added. @default any number
   */
  concurrency?: number | undefined;
  /** How many tasks of one group start, in all processes together. @default any number */
  rate?: RateOptions | undefined;
}

/** Options of one task name. What its decorator says comes after them. */
export interface TaskNameOptions extends TaskOptions {
  /**
   * Where its handlers stand, whatever their decorators say, and where `add` puts its tasks: say the same in all processes.
   * @default that of the handler
   */
  queue?: string | undefined;
  /** How its tasks come together. Only for handlers that take batches: how they are called is a matter of code. @default that of the handler */
  batch?: { size?: BatchOptions['size'] | undefined; maxWait?: BatchOptions['maxWait'] } | undefined;
  /** Whether the schedules of its handlers are on. @default that of the queue */
  schedules?: boolean | undefined;
  /** How many tasks of this name all processes together start, in each queue. @default that of the handler */
  rate?: RateOptions | undefined;
}

/** Options for schedules. */
export interface SchedulesOptions {
  /**
   * The name of this application, 1 to 64 of the characters `A-Z a-z 0-9 _ . -`. Schedules that its code declares belong to it, and
   * those that its code does not declare any more are removed at its next start. Two applications with handlers of their own
   * must not have the same.
   * @default none: schedules that vanish from the code go on, and a line in the log says so
   */
  owner?: string | undefined;
}

/** Options of `RedisTaskQueueModule.forRoot`. Every one may be left out. */
export interface RedisTaskQueueOptions {
  /** @default the environment's `REDIS_URL`, else `redis://127.0.0.1:6379` */
  redis?: RedisSource | undefined;
  /** Stands in front of every key, to share a Redis with others: `'shop:'`. @default '' */
  prefix?: string | undefined;
  /** Options by queue. A queue needs no entry here to exist. */
  queues?: Record<string, QueueOptions> | undefined;
  /** Options by task name. */
  tasks?: Record<string, TaskNameOptions> | undefined;
  schedules?: SchedulesOptions | undefined;
  /** Lists that others push plain values to, each of which becomes a task. @default none */
  plain?: PlainListOptions[] | undefined;
  /** Options of every queue that has none of its own. */
  defaults?: QueueOptions | undefined;
  /** Which queues this process works on: all that it has handlers for, none, or these. @default true */
  consume?: boolean | string[] | undefined;
  /**
   * Whether this process begins to work when the application starts. `false`: each queue when `TaskConsumers.start` is called.
   * @default true
   */
  autoStart?: boolean | undefined;
  /**
   * How long a worker may stay silent before others take over what it holds. Renewed every third of it.
   * @default '15s'
   */
  lease?: Duration | undefined;
  /**
   * How long a handler may block the event loop before the process is taken for dead: until then a thread of its own
   * renews the lease. Not shorter than `lease`; `0` for no such thread.
   * @default '60s'; `0` where `lease` is longer
   */
  maxBlocked?: Duration | undefined;
  /** How long shutdown waits for running handlers before it aborts them and gives their tasks back. @default '10s' */
  shutdownTimeout?: Duration | undefined;
  /** How long a call to Redis may take, reconnecting included. @default '5s' */
  commandTimeout?: Duration | undefined;
  /**
   * Whether the application starts without Redis: its workers then begin as soon as they reach it. `false`: the start
   * fails with `REDIS_UNAVAILABLE` if Redis does not answer within `commandTimeout`. @default true
   */
  waitForRedis?: boolean | undefined;
  /**
   * Whether guards, interceptors, pipes and filters that are global (`APP_GUARD`, `app.useGlobalPipes()` …) apply to handlers,
   * too. Those of classes and methods do in any case. @default true
   */
  globalEnhancers?: boolean | undefined;
  /** The longest data of one task, as JSON in UTF-8 bytes. @default 1048576 (1 MiB) */
  maxDataBytes?: number | undefined;
  /**
   * Whether adds and runs are told to OpenTelemetry, as spans and metrics, and traces go on from the one to the other. Needs the package
   * `@opentelemetry/api`, and an SDK that was started before the application. @default false
   */
  telemetry?: boolean | undefined;
}

/** Beside the options of an instance, and not among them: it must be known before a factory of options runs. */
export interface InstanceName {
  /**
   * The name of this instance of the module, 1 to 64 of the characters `A-Z a-z 0-9 _ . -`. It has a broker, a worker and options of
   * its own; what a named one offers is injected with `@InjectTaskProducer(name)` and the like.
   * @default 'default': the one that is injected by class
   */
  name?: string | undefined;
}

/** For `forRootAsync({ useClass })` and `useExisting`. */
export interface RedisTaskQueueOptionsFactory {
  createTaskQueueOptions(): RedisTaskQueueOptions | Promise<RedisTaskQueueOptions>;
}
