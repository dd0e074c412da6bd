import type { Partition } from '../partition.js';

/** Of what this version writes. Keys of another one are left alone. */
export const LAYOUT_VERSION = 1;

const CACHED_MAX = 1_000;

/**
 * Every key of the layout, by partition. The hash tag `{partition}` keeps all of them in one slot of a cluster.
 * `scripts` is what scripts get as KEYS; its order is that of the first line of the scripts' preamble.
 */
export class RedisKeys {
  private readonly cache = new Map<Partition, string[]>();

  constructor(private readonly prefix: string) {}

  /** Never exists: for a write that changes nothing */
  get nothing(): string {
    return `${this.prefix}task_nothing`;
  }

  /** LIST of envelopes, pushed left, taken right */
  queue(partition: Partition): string {
    return `${this.prefix}task_queue:{${partition}}`;
  }

  /** LIST of the envelopes of one priority or group, like the queue */
  lane(partition: Partition, lane: string): string {
    return `${this.queue(partition)}:${lane}`;
  }

  /** ZSET lane → minus its priority, of lanes in which tasks wait */
  priorities(partition: Partition): string {
    return `${this.prefix}task_priorities:{${partition}}`;
  }

  /** ZSET lane → its turn, of groups that may run more; what begins so is about groups, too: see `lanes` and `groupTurns` */
  groups(partition: Partition): string {
    return `${this.prefix}task_groups:{${partition}}`;
  }

  /** LIST of envelopes that will be dead letters if they are lost once more */
  suspects(partition: Partition): string {
    return `${this.prefix}task_suspects:{${partition}}`;
  }

  /** ZSET id → due time in ms; with `:retrying` behind it a SET, of those ids that wait for their next attempt */
  scheduled(partition: Partition): string {
    return `${this.prefix}task_scheduled:{${partition}}`;
  }

  /** LIST of tokens that a sleeping worker blocks on */
  bell(partition: Partition): string {
    return `${this.prefix}task_bell:{${partition}}`;
  }

  /** LIST of tokens for one worker: somebody has cancelled what it runs */
  workerBell(partition: Partition, worker: string): string {
    return `${this.bell(partition)}:${worker}`;
  }

  /** HASH of one task's status */
  status(partition: Partition, id: string): string {
    return `${this.prefix}task_status:{${partition}}:${id}`;
  }

  /** ZSET id → time of death in ms */
  dead(partition: Partition): string {
    return `${this.prefix}task_dead:{${partition}}`;
  }

  /** HASH id → envelope of what is scheduled or dead */
  parked(partition: Partition): string {
    return `${this.prefix}task_parked:{${partition}}`;
  }

  /** ZSET worker → lease expiry in ms, 0 once declared dead */
  workers(partition: Partition): string {
    return `${this.prefix}task_workers:{${partition}}`;
  }

  /** LIST of ids finished last, capped */
  recent(partition: Partition): string {
    return `${this.prefix}task_recent:{${partition}}`;
  }

  /** HASH id → envelope of what a worker holds */
  active(partition: Partition, worker: string): string {
    return `${this.prefix}task_active:{${partition}}:${worker}`;
  }

  /** HASH id → reason of what was cancelled while it was waiting or active */
  cancel(partition: Partition): string {
    return `${this.prefix}task_cancel:{${partition}}`;
  }

  /** ZSET schedule name → its next tick in ms, +inf while it is paused */
  schedules(partition: Partition): string {
    return `${this.prefix}task_schedules:{${partition}}`;
  }

  /** HASH of one schedule: its definition, and where it stands */
  schedule(partition: Partition, name: string): string {
    return `${this.prefix}task_schedule:{${partition}}:${name}`;
  }

  /** HASH key → the task that holds it, and how long; with a token behind it the answer of a call that may be sent again */
  unique(partition: Partition): string {
    return `${this.prefix}task_unique:{${partition}}`;
  }

  /** SET of the queues in which there may be schedules of that owner */
  scheduleQueues(owner: string): string {
    return `${this.prefix}task_schedule_queues:${owner}`;
  }

  /** LIST of tokens that a worker blocks on that must wait until others have ended */
  room(partition: Partition): string {
    return `${this.prefix}task_room:{${partition}}`;
  }

  /** ZSET task name → when the next task of that name may start, in ms, where some wait for that in a lane of their name's own */
  turns(partition: Partition): string {
    return `${this.prefix}task_turns:{${partition}}`;
  }

  /** ZSET id → until when somebody watches its status, in ms. With `:plain` behind it a HASH, of those that have a plain status: see `watching` */
  watched(partition: Partition): string {
    return `${this.prefix}task_watched:{${partition}}`;
  }

  /** STRING that is there for as long as nothing may be claimed; without an expiry the queue is paused */
  limited(partition: Partition): string {
    return `${this.prefix}task_limited:{${partition}}`;
  }

  /** ZSET lane → when it is looked at again, of groups that may not run more at present */
  resting(partition: Partition): string {
    return `${this.groups(partition)}:resting`;
  }

  /** Pattern of all that may be keys of this partition: `isOf` tells. */
  patternOf(partition: Partition): string {
    return `${asPattern(this.prefix)}task_*:{${partition}}*`;
  }

  isOf(partition: Partition, key: string): boolean {
    const [, tag] = /^task_[a-z_]+:\{([^}]*)\}(?::|$)/.exec(key.slice(this.prefix.length)) ?? [];
    return key.startsWith(this.prefix) && tag === partition;
  }

  /** SET of the queues on which somebody has worked */
  get queues(): string {
    return `${this.prefix}task_queues`;
  }

  /** HASH `<minute>:<figure>` of one hour, whose number since 1970 stands behind it; `<hour>:<figure>` of one day */
  history(partition: Partition, span: 'hour' | 'day'): string {
    return `${this.prefix}task_history:{${partition}}:${span}:`;
  }

  /** LIST of what was claimed of a plain list, until it is a task */
  claimedOf(partition: Partition, list: string): string {
    return `${this.prefix}task_plain:{${partition}}:${list}`;
  }

  /** LIST of the lines that a task has logged, oldest first */
  log(partition: Partition, id: string): string {
    return `${this.logs(partition)}:${id}`;
  }

  /** HASH of the layout version and counters */
  meta(partition: Partition): string {
    return `${this.prefix}task_meta:{${partition}}`;
  }

  /** Those of everything that waits, for its time or for a worker */
  waiting(partition: Partition): readonly string[] {
    const groups = this.groups(partition);
    const lists = [this.queue(partition), this.priorities(partition), groups, this.resting(partition)];
    return [...lists, this.scheduled(partition), this.suspects(partition), this.turns(partition)];
  }

  /** What the keys of logs begin with */
  private logs(partition: Partition): string {
    return `${this.prefix}task_logs:{${partition}}`;
  }

  scripts(partition: Partition): readonly string[] {
    let keys = this.cache.get(partition);
    if (!keys) {
      const key = (what: string): string => `${this.prefix}${what}:{${partition}}`;
      keys = [
        this.queue(partition),
        this.bell(partition),
        this.scheduled(partition),
        this.parked(partition),
        this.workers(partition),
        this.dead(partition),
        this.recent(partition),
        this.meta(partition),
        this.suspects(partition),
        this.cancel(partition),
        this.schedules(partition),
        this.priorities(partition),
        this.groups(partition),
        this.unique(partition),
        this.limited(partition),
        key('task_starts'), // LIST of the times in ms at which tasks started last; with `:<task name>` those of one name
        this.turns(partition),
        this.room(partition),
        this.watched(partition),
        this.logs(partition), // STRING that is there for as long as there may be lists of lines
        this.status(partition, ''),
        this.active(partition, ''),
        this.schedule(partition, ''),
        this.lane(partition, ''),
      ];
      // Anybody may ask for anything: what is asked for again and again is soon there again.
      if (this.cache.size >= CACHED_MAX) this.cache.clear();
      this.cache.set(partition, keys);
    }
    return keys;
  }
}

/** Text of which a pattern of Redis finds nothing but itself. */
export function asPattern(text: string): string {
  return text.replace(/[\\*?[\]^]/g, '\\$&');
}

/** Whether a key of that name is one of the layout, or might become one. */
export function isOfLayout(prefix: string, key: string): boolean {
  return key.startsWith(prefix) && OF_LAYOUT.test(key.slice(prefix.length));
}

const OF_LAYOUT = /^task_([a-z_]+:\{|schedule_queues:|nothing$)/;

/** How many keys every script gets. */
export const SCRIPT_KEYS = 24;
