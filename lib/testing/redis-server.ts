import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuardedProcess } from './guarded-process.js';
import { findRedisBinary } from './redis-binary.js';
import { isReady } from './redis-probe.js';
import { RedisServerError } from './redis-server.error.js';

/** The value of one directive of redis.conf; a list where the directive takes several words. */
export type RedisConfigValue = string | number | readonly (string | number)[];

/** What {@link RedisServer.start} accepts. */
export interface RedisServerOptions {
  /**
   * Directives of redis.conf, e.g. `{ maxmemory: '50mb', 'client-output-buffer-limit': ['pubsub', '1mb', 0, 0] }`.
   * They are applied last and so override what the other options stand for.
   */
  readonly config?: Readonly<Record<string, RedisConfigValue>>;

  /**
   * Keep an append-only file, so that {@link RedisServer.restart} finds the data again. `true` means `'always'`: whatever
   * was answered is on disk, even if the server is killed in the next moment.
   * @default false
   */
  readonly aof?: boolean | 'always' | 'everysec';

  /**
   * The folder for the data and the log (`redis.log`). It is created if need be, and kept when the server stops.
   * @default a new folder under `os.tmpdir()`, removed when the server stops
   */
  readonly dir?: string;
}

// Below the range from which systems hand out ports by themselves (Linux: from 32768). Inside that range a client that
// reconnects while the server is down could be given the server's own port, and keep it from coming back.
const PORTS = { from: 10_000, to: 30_000 };
const PORT_ATTEMPTS = 10;
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const PROBE_INTERVAL_MS = 10;

/**
 * A private Redis server for tests and demonstrations: on this machine only, on a free port, with an empty database, and
 * writing nothing to disk unless asked to.
 *
 * It needs a `redis-server` binary, found through `REDIS_SERVER_BIN` or else on the `PATH`, and a POSIX system. It must never
 * outlive the process that started it: the server ends, and its temporary folder goes, even if that process is killed
 * or forgets {@link stop}. Nor does it keep that process running.
 *
 * @example
 * ```ts
 * const server = await RedisServer.start();
 * const redis = new Redis(server.url);
 * // …
 * await redis.quit();
 * await server.stop();
 * ```
 *
 * @example A crash of Redis
 * ```ts
 * const server = await RedisServer.start({ aof: true });
 * await server.kill();
 * await server.restart(); // same URL, same data
 * ```
 */
export class RedisServer {
  /** The turn that was taken last: {@link stop}, {@link kill} and {@link restart} never overlap. */
  private lastTurn: Promise<void> = Promise.resolve();
  private stopped = false;

  private constructor(
    /** The port on 127.0.0.1; the same after a {@link restart}. */
    readonly port: number,
    private readonly launch: (port: number) => Promise<GuardedProcess>,
    private process: GuardedProcess,
  ) {}

  /**
   * Starts a server and waits until it answers.
   *
   * @throws {RedisServerError} `REDIS_SERVER_NOT_FOUND` if there is no binary, `REDIS_SERVER_NOT_STARTED` if the server ends
   * at once (a wrong `config`, say) or does not answer within 20 seconds; the message quotes its log.
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const binary = findRedisBinary();
    const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'nestjs-redis-task-queue-')));
    await mkdir(dir, { recursive: true });
    const folder = options.dir === undefined ? dir : null;
    const logFile = join(dir, 'redis.log');
    const launch = (port: number): Promise<GuardedProcess> =>
      GuardedProcess.start({ binary, args: toArguments(port, dir, options), logFile, folder }).then((process) =>
        answering(process, port, logFile),
      );

    for (let attempt = 1; ; attempt++) {
      const port = randomInt(PORTS.from, PORTS.to);
      try {
        return new RedisServer(port, launch, await launch(port));
      } catch (error) {
        if (attempt < PORT_ATTEMPTS && isPortTaken(error)) continue;
        if (folder !== null) await rm(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** `redis://127.0.0.1:<port>` */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The server's process id; `null` while it is not running. */
  get pid(): number | null {
    return this.process.isRunning ? this.process.pid : null;
  }

  /** Stops the server, gracefully if it can be, and removes its temporary folder. May be called twice. */
  stop(): Promise<void> {
    return this.inTurn(async () => {
      if (this.stopped) return;
      this.stopped = true;
      await terminate(this.process);
      await this.process.close();
    });
  }

  /** Ends the server as a crash would (SIGKILL). Its folder stays, until {@link restart} or {@link stop}. */
  kill(): Promise<void> {
    return this.inTurn(() => forceEnd(this.process));
  }

  /**
   * Starts the server again, on the same port and in the same folder; stops it first, gracefully, if it runs. What it finds
   * of its data is up to {@link RedisServerOptions.aof}.
   *
   * @throws {RedisServerError} `REDIS_SERVER_NOT_STARTED` if it does not come back, or after {@link stop}.
   */
  restart(): Promise<void> {
    return this.inTurn(async () => {
      if (this.stopped) {
        throw notStarted('A server that was stopped cannot be restarted, its data is gone: start a new one.');
      }
      const previous = this.process;
      await terminate(previous);
      this.process = await this.launch(this.port);
      await previous.leaveFolder(); // only now: at every moment somebody is there to remove the folder
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.lastTurn.then(work);
    this.lastTurn = turn.catch(() => undefined); // reported to the caller of this turn, no matter to the next one
    return turn;
  }
}

function toArguments(port: number, dir: string, { aof = false, config = {} }: RedisServerOptions): string[] {
  const directives: Record<string, RedisConfigValue> = {
    bind: '127.0.0.1',
    port,
    dir,
    save: '',
    appendonly: aof === false ? 'no' : 'yes',
    appendfsync: aof === 'everysec' ? 'everysec' : 'always',
    ...config,
  };
  return Object.entries(directives).flatMap(([name, value]) => [`--${name}`, ...[value].flat().map(String)]);
}

/** The process once its server answers; if it does not, it is ended. */
async function answering(process: GuardedProcess, port: number, logFile: string): Promise<GuardedProcess> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (process.isRunning && Date.now() < deadline) {
    if (await isReady(port, process.pid)) return process;
    await sleep(PROBE_INTERVAL_MS);
  }
  const reason = process.isRunning ? `did not answer within ${START_TIMEOUT_MS} ms` : 'ended at once';
  await forceEnd(process);
  const log = await readFile(logFile, 'utf8').catch(() => '(none)');
  await process.leaveFolder();
  throw notStarted(`redis-server ${reason} on port ${port}. The end of its log:\n${log.slice(-1_000).trim()}`);
}

async function terminate(process: GuardedProcess): Promise<void> {
  process.signal('SIGTERM');
  if (!(await process.endsWithin(STOP_TIMEOUT_MS))) await forceEnd(process);
}

async function forceEnd(process: GuardedProcess): Promise<void> {
  process.signal('SIGKILL');
  await process.endsWithin(STOP_TIMEOUT_MS);
}

function notStarted(message: string): RedisServerError {
  return new RedisServerError('REDIS_SERVER_NOT_STARTED', message);
}

function isPortTaken(error: unknown): boolean {
  return error instanceof RedisServerError && /Address already in use/i.test(error.message);
}
