import { type Partition, publicId } from '../broker/partition.js';
import type { PlainInlet } from '../broker/plain-store.js';
import { MAX_SLEEP_MS } from '../broker/task-broker.js';
import { Backoff } from '../consumer/backoff.js';
import { Gate } from '../consumer/gate.js';
import type { GuardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import { settledWithin } from '../consumer/settled-within.js';
import { showError } from '../consumer/task-failure.js';
import { LayoutMismatchError } from '../errors/index.js';

/** The first wait after a failure: it only tells whether there can be others. */
const NAP_MS = 1;
/** What no new try cures is looked at again after that. */
const LOOK_AGAIN_MS = 10_000;
/** While Redis is away nothing can be left in order, and nobody waits for it. */
const LEAVE_MS = 1_000;

/**
 * Makes tasks of the elements of one plain list, for as long as this process works on their queue: waits for an element, makes
 * tasks of it and of all that is there, and waits again. Any number of processes may do so. What was claimed by one that died becomes
 * tasks by the next one that looks: at its start, and at least every `MAX_SLEEP_MS`.
 *
 * Never ends before `stop`, and never rejects.
 */
export class PlainIntake {
  private readonly gate = new Gate();
  private readonly backoff = new Backoff();
  private stopped = false;
  private isDoubtful = false;
  /** The key that is no list, as the log says. */
  private inTheWay: string | null = null;
  private readonly loop: Promise<void>;

  constructor(
    private readonly list: string,
    private readonly partition: Partition,
    private readonly inlet: PlainInlet,
    private readonly outages: OutageLog,
    private readonly logger: GuardedLog,
  ) {
    this.loop = this.run();
  }

  /** What was claimed becomes tasks first, as far as Redis can be reached. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.gate.open();
    this.inlet.close();
    await settledWithin(this.loop, LEAVE_MS);
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.adoptAll();
        const inTheWay = await this.inlet.claim(this.isDoubtful ? NAP_MS : MAX_SLEEP_MS);
        this.report(inTheWay);
        this.isDoubtful = inTheWay !== null;
        this.backoff.reset();
        this.outages.over(this);
        if (inTheWay !== null) await this.gate.pass(LOOK_AGAIN_MS);
      } catch (error) {
        if (this.stopped) break;
        this.isDoubtful = true;
        this.outages.begin(this, error);
        await this.gate.pass(error instanceof LayoutMismatchError ? LOOK_AGAIN_MS : this.backoff.next());
      }
    }
    this.outages.leave(this);
    await this.leave();
  }

  private async adoptAll(): Promise<void> {
    for (;;) {
      const { more, malformed } = await this.inlet.adopt();
      for (const id of malformed) {
        const title = publicId(this.partition, id);
        this.logger.error(`An element of plain list "${this.list}" is no UTF-8, and a dead letter now: ${title}`);
      }
      if (!more || this.stopped) return;
    }
  }

  /** Redis may have claimed for us what it could not tell us of any more. */
  private async leave(): Promise<void> {
    try {
      await this.adoptAll();
    } catch (error) {
      this.logger.debug(`What was claimed last of plain list "${this.list}" is left to others: ${showError(error)}`);
    }
  }

  private report(inTheWay: string | null): void {
    if (inTheWay === this.inTheWay) return;
    this.inTheWay = inTheWay;
    if (inTheWay === null) return this.logger.log(`Plain list "${this.list}" is read again`);
    this.logger.error(
      `Plain list "${this.list}" cannot be read, for the key "${inTheWay}" is no list; looking again every ` +
        `${LOOK_AGAIN_MS / 1_000} s`,
    );
  }
}
