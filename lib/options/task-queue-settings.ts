import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { ClaimLimits, Rate } from '../broker/claim-limits.js';
import { LOG_ONLY } from '../broker/log-line.js';
import type { RedisSource } from '../broker/redis/redis-source.js';
import type { BatchSettings } from './batch-options.js';
import { FeatureLayer, layUnder } from './feature-layer.js';
import type { FeatureOptions } from './feature-options.interface.js';
import { featureRule, moduleRule, type PartialQueue, type PartialTask, redisRule } from './module-rules.js';
import { checkPlainLists, type PlainList } from './plain-options.js';
import type {
  AckPolicy,
  DeliveryPolicy,
  RedisTaskQueueOptions,
  StatusPolicy,
} from './redis-task-queue-options.interface.js';
import { type PartialTaskSettings, resolveTaskSettings, type TaskSettings } from './task-options.js';

const DAY_MS = 24 * 3_600_000;
const MAX_BLOCKED_MS = 60_000;

/** How one queue is worked on: `QueueOptions` with every default filled in. */
export interface QueueSettings {
  /** Whether its consumer starts with the application. */
  autoStart: boolean;
  concurrency: number;
  completedTtlMs: number;
  failedTtlMs: number;
  cancelledTtlMs: number;
  maxResultBytes: number;
  maxLost: number;
  /** `Infinity` for no limit. */
  maxLength: number;
  /** 0 for never. */
  agingMs: number;
  /** Of tasks of one group, over all processes; 0 for any number. */
  groupConcurrency: number;
  status: StatusPolicy;
  ack: AckPolicy;
  delivery: DeliveryPolicy;
}

/** The module's options, checked and with every default filled in: what all other classes read. */
export class TaskQueueSettings {
  readonly redis: RedisSource;
  readonly prefix: string;
  readonly consume: boolean | readonly string[];
  readonly autoStart: boolean;
  readonly leaseMs: number;
  /** 0 where nothing keeps leases while the event loop is blocked. */
  readonly maxBlockedMs: number;
  readonly shutdownTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly waitForRedis: boolean;
  readonly globalEnhancers: boolean;
  readonly maxDataBytes: number;
  readonly telemetry: boolean;
  /** To whom the schedules belong that the code declares. */
  readonly scheduleOwner: string | undefined;
  readonly plain: readonly PlainList[];
  private readonly queues = new Map<string, PartialQueue>();
  private readonly tasks = new Map<string, PartialTask>();
  private readonly defaults: PartialQueue;
  private readonly features = { queues: new FeatureLayer('queue'), tasks: new FeatureLayer('task') };

  /** @throws InvalidOptionsError that names every wrong option. */
  constructor(options: RedisTaskQueueOptions, environment: NodeJS.ProcessEnv = process.env) {
    const problems: OptionProblem[] = [];
    const given = moduleRule(options ?? null, '', problems) ?? {};
    const variable = options?.redis === undefined ? environment['REDIS_URL'] || undefined : undefined;
    const fromEnvironment = redisRule(variable, 'REDIS_URL (environment)', problems);
    const leaseMs = given.lease ?? 15_000;
    if (given.maxBlocked && given.maxBlocked < leaseMs) {
      const allowed = `0, or at least as long as the lease (${leaseMs} ms)`;
      problems.push({ option: 'maxBlocked', given: options.maxBlocked, allowed });
    }
    const plain = checkPlainLists(given.plain ?? [], given.prefix ?? '', problems);
    if (problems.length > 0) throw new InvalidOptionsError(problems);

    this.redis = given.redis ?? fromEnvironment ?? 'redis://127.0.0.1:6379';
    this.prefix = given.prefix ?? '';
    this.consume = given.consume ?? true;
    this.autoStart = given.autoStart ?? true;
    this.leaseMs = leaseMs;
    this.maxBlockedMs = given.maxBlocked ?? (leaseMs > MAX_BLOCKED_MS ? 0 : MAX_BLOCKED_MS);
    this.shutdownTimeoutMs = given.shutdownTimeout ?? 10_000;
    this.commandTimeoutMs = given.commandTimeout ?? 5_000;
    this.waitForRedis = given.waitForRedis ?? true;
    this.globalEnhancers = given.globalEnhancers ?? true;
    this.maxDataBytes = given.maxDataBytes ?? 1024 * 1024;
    this.telemetry = given.telemetry ?? false;
    this.scheduleOwner = given.schedules?.owner;
    this.plain = plain;
    this.defaults = given.defaults ?? {};
    layUnder(this.queues, given.queues);
    layUnder(this.tasks, given.tasks);
  }

  /**
   * Takes up what a feature module says of queues and tasks: below what the application says of the same.
   * @param origin where it stands, for messages
   * @throws InvalidOptionsError, ConflictingOptionsError
   */
  addFeature(options: FeatureOptions, origin: string): void {
    const problems: OptionProblem[] = [];
    const { queues, tasks } = featureRule(options ?? null, '', problems) ?? {};
    if (problems.length > 0) {
      throw new InvalidOptionsError(
        problems.map((problem) => ({ ...problem, option: `${problem.option} (${origin})` })),
      );
    }
    this.features.queues.add(options.queues ?? {}, origin);
    this.features.tasks.add(options.tasks ?? {}, origin);
    layUnder(this.queues, queues);
    layUnder(this.tasks, tasks);
  }

  /** The queues of which something was said. */
  get queueNames(): string[] {
    return [...this.queues.keys()];
  }

  /** Precedence: the queue's own options, then `defaults`, then what the documentation says. */
  queue(name: string): QueueSettings {
    const own = this.queues.get(name) ?? {};
    const { defaults } = this;
    const status = own.status ?? defaults.status ?? 'full';
    const delivery = own.delivery ?? defaults.delivery ?? 'at-least-once';
    const completedTtlMs =
      status === 'off' ? LOG_ONLY : (own.retention?.completed ?? defaults.retention?.completed ?? DAY_MS);
    return {
      autoStart: own.autoStart ?? defaults.autoStart ?? this.autoStart,
      concurrency: own.concurrency ?? defaults.concurrency ?? 10,
      completedTtlMs,
      cancelledTtlMs: completedTtlMs,
      failedTtlMs: own.retention?.failed ?? defaults.retention?.failed ?? 7 * DAY_MS,
      maxResultBytes: own.maxResultBytes ?? defaults.maxResultBytes ?? 64 * 1024,
      maxLost: delivery === 'at-most-once' ? 0 : (own.maxLost ?? defaults.maxLost ?? 2),
      maxLength: own.maxLength ?? defaults.maxLength ?? Infinity,
      agingMs: own.aging ?? defaults.aging ?? 0,
      groupConcurrency: own.groups?.concurrency ?? defaults.groups?.concurrency ?? 0,
      status,
      ack: own.ack ?? defaults.ack ?? 'batch',
      delivery,
    };
  }

  /** What was said of the handlers of a name, in place of what they say. */
  handler(name: string): { queue: string | undefined; batch: Partial<BatchSettings> } {
    const { queue, batch: { size, maxWait } = {} } = this.tasks.get(name) ?? {};
    return {
      queue,
      batch: { ...(size !== undefined && { size }), ...(maxWait !== undefined && { maxWaitMs: maxWait }) },
    };
  }

  /** Whether the schedules are on that the code declares for tasks of this name on this queue. */
  declaresSchedules(queue: string, name: string): boolean {
    const layers = [this.tasks.get(name), this.queues.get(queue), this.defaults];
    return layers.find((layer) => layer?.schedules !== undefined)?.schedules ?? true;
  }

  /**
   * What bounds the claims of all workers of a queue together; `undefined` where nothing does.
   * @param handlers those that this process has for it
   */
  limits(
    queue: string,
    handlers: Iterable<{ readonly name: string; readonly rate?: Rate | undefined }>,
  ): ClaimLimits | undefined {
    const own = this.queues.get(queue);
    const rate = own?.rate ?? this.defaults.rate;
    const globalConcurrency = own?.globalConcurrency ?? this.defaults.globalConcurrency;
    const ofNames = [...handlers].flatMap(({ name, rate: declared }) => {
      const ofName = this.tasks.get(name)?.rate ?? declared;
      return ofName ? [[name, ofName] as const] : [];
    });
    const groupRate = own?.groups?.rate ?? this.defaults.groups?.rate;
    if (!rate && globalConcurrency === undefined && !groupRate && ofNames.length === 0) return undefined;
    return { rate, globalConcurrency, groupRate, names: ofNames.length > 0 ? Object.fromEntries(ofNames) : undefined };
  }

  /**
   * How a task of this name on this queue is worked on.
   * @param own what was said of this very task
   * @param declared what its decorator says
   */
  task(
    queue: string,
    name: string,
    declared: PartialTaskSettings | undefined,
    own: PartialTaskSettings | undefined,
  ): TaskSettings {
    return resolveTaskSettings(this.layers(queue, name, [declared], own));
  }

  /**
   * What the process that adds such a task has to know: `expiresIn` in ms, `undefined` if it never expires, and `priority`.
   * @param declared what its decorator says, then what its definition says
   */
  added(
    queue: string,
    name: string,
    declared: readonly (PartialTaskSettings | undefined)[],
    own: PartialTaskSettings | undefined,
  ): { expiresInMs: number | undefined; priority: number } {
    const layers = this.layers(queue, name, declared, own);
    return {
      expiresInMs: layers.find((layer) => layer?.expiresIn !== undefined)?.expiresIn,
      priority: layers.find((layer) => layer?.priority !== undefined)?.priority ?? 0,
    };
  }

  /** Who is asked first what is to be done with a task. */
  private layers(
    queue: string,
    name: string,
    declared: readonly (PartialTaskSettings | undefined)[],
    own: PartialTaskSettings | undefined,
  ): readonly (PartialTaskSettings | undefined)[] {
    return [own, this.tasks.get(name), ...declared, this.queues.get(queue), this.defaults];
  }

  /** Whether this process works on a queue, given that it has handlers for it. */
  consumes(queue: string): boolean {
    return typeof this.consume === 'boolean' ? this.consume : this.consume.includes(queue);
  }
}
