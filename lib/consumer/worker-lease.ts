import { type Partition, publicId } from '../broker/partition.js';
import type { LeaseKeeper } from '../broker/lease-keeper.js';
import type { Retention } from '../broker/exchange.js';
import type { BeatReply, Recovery, TaskBroker } from '../broker/task-broker.js';
import type { GuardedLog } from './guarded-log.js';

/** So many leases lasts that of a worker that holds nothing and is alone. */
const REST = 8;
/** It is renewed when so much of it is over, or before. */
const RENEW_AFTER = 0.4;

/** How many pages of recovered tasks one turn may move. */
const MAX_PAGES = 80;

/**
 * Who a worker is to Redis, in one queue: an id with a lease on everything that is held under it. An id is never used
 * again after its lease was lost, so that no old outcome can be taken for one of a later run.
 */
export class WorkerLease {
  private incarnation = 1;
  private joined = false;
  private hasLeft = false;
  /** Times by `performance.now()`. */
  private heardAt = 0;
  /** How long it lasts since then. */
  private lastsMs = 0;
  private patientUntil = 0;

  constructor(
    private readonly partition: Partition,
    private readonly workerId: string,
    readonly leaseMs: number,
    private readonly maxLost: number,
    private readonly retention: Retention,
    private readonly broker: TaskBroker,
    private readonly logger: GuardedLog,
    private readonly onBeat: (partition: Partition, reply: BeatReply) => void,
    /** Renews it while the event loop is blocked. */
    private readonly keeper?: LeaseKeeper,
    private readonly onRecovered: (recovery: Recovery) => void = () => undefined,
  ) {}

  get id(): string {
    return this.incarnation === 1 ? this.workerId : `${this.workerId}-${this.incarnation}`;
  }

  /** Whether Redis was told of this id: then something may be held under it. */
  get isJoined(): boolean {
    return this.joined;
  }

  /** Redis was heard of within the lease. Without it, after a pause of this process say, others may have taken over. */
  get isFresh(): boolean {
    return performance.now() - this.heardAt < this.lastsMs;
  }

  /** What it lasts for a worker that holds nothing and is alone. */
  get restMs(): number {
    return this.leaseMs * REST;
  }

  /** For how long nothing will be heard, as long as nothing happens: 0 unless it rests. */
  get silenceMs(): number {
    return this.lastsMs > this.leaseMs ? this.lastsMs / 3 : 0;
  }

  /** When it must be renewed, by `performance.now()`. */
  get renewBy(): number {
    return this.heardAt + this.lastsMs * RENEW_AFTER;
  }

  async join(): Promise<void> {
    const reply = await this.broker.join(this.partition, this.id, this.leaseMs);
    this.joined = true;
    this.heardAt = performance.now();
    this.lastsMs = this.leaseMs;
    if (this.hasLeft) return this.signOff();
    if (reply) this.onBeat(this.partition, reply);
    this.keeper?.hold(this.partition, this.id);
  }

  /** @returns `null` if others have declared this worker dead */
  async renew(): Promise<BeatReply | null> {
    const reply = await this.broker.beat(this.partition, this.id, this.leaseMs);
    this.heard();
    if (reply && !this.hasLeft) this.onBeat(this.partition, reply);
    return reply;
  }

  /**
   * To be called when Redis has answered, which renewed the lease, for so long. After an outage the others, too, need time to come
   * back: who is the first must not take them for dead.
   */
  heard(forMs = this.leaseMs): void {
    const now = performance.now();
    if (now - this.heardAt > this.silenceMs + this.leaseMs / 2) this.patientUntil = now + this.leaseMs;
    this.heardAt = now;
    this.lastsMs = forMs;
  }

  /** The lease is lost; whatever was held under this id is in the hands of others. */
  forfeit(): void {
    this.logger.warn(`Queue "${this.partition}": worker ${this.id} was silent for longer than its lease`);
    this.keeper?.release(this.partition, this.id);
    this.incarnation++;
    this.joined = false;
  }

  /** For good. The answer to a call that is under way does not count any more. */
  async leave(): Promise<void> {
    this.hasLeft = true;
    if (this.joined) await this.signOff();
  }

  /** Puts back what workers held whose leases have run out. @returns whether there may be something to claim now */
  async recoverOthers(): Promise<boolean> {
    if (performance.now() < this.patientUntil) return false;
    const counts = new Map<string, { returned: number; buried: number }>();
    try {
      for (let page = 0; page < MAX_PAGES; page++) {
        const recovery = await this.broker.recover(this.partition, this.maxLost, this.retention);
        if (!recovery) break;
        const { worker, returned, buried, more } = recovery;
        this.onRecovered(recovery);
        for (const id of buried) {
          this.logger.error(`${publicId(this.partition, id)} was lost with worker ${worker} and is a dead letter now`);
        }
        const before = counts.get(worker) ?? { returned: 0, buried: 0 };
        counts.set(worker, { returned: before.returned + returned.length, buried: before.buried + buried.length });
        if (!more) break;
      }
    } finally {
      for (const [worker, { returned, buried }] of counts) this.tell(worker, returned, buried);
    }
    return true;
  }

  private async signOff(): Promise<void> {
    this.keeper?.release(this.partition, this.id);
    try {
      await this.broker.leave(this.partition, this.id);
    } catch (error) {
      // The lease ends by itself, and what is held under it, if anything, is recovered then.
      this.logger.debug(`Queue "${this.partition}": worker ${this.id} could not sign off: ${String(error)}`);
    }
  }

  private tell(worker: string, returned: number, buried: number): void {
    if (returned + buried === 0) return;
    const fate = `${returned} of its tasks wait again, ${buried} are dead letters`;
    this.logger.warn(`Queue "${this.partition}": worker ${worker} is gone; ${fate}`);
  }
}
