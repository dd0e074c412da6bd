import { Logger } from '@nestjs/common';
import type { BrokerObserver, BrokerPart, ServerFacts } from '../broker/broker-observer.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import { RedisUnavailableError } from '../errors/index.js';
import type { ConnectionEvents } from '../events/connection-events.js';

/**
 * Watches over this process's Redis: enters in the log when it fails and when it works again, and looks once, at the
 * first connection, whether it is one that tasks can be entrusted to. It only reports, and stops nothing.
 */
export class RedisWatcher implements BrokerObserver {
  private isChecked = false;

  constructor(
    private readonly broker: TaskBroker,
    private readonly outages: OutageLog,
    private readonly events: ConnectionEvents,
    private readonly logger = guardedLog(new Logger('RedisTaskQueueModule')),
  ) {}

  /** Opens no connection: who has nothing to do with Redis yet is not made to. */
  start(): void {
    this.broker.watch(this);
  }

  connected(): void {
    if (this.isChecked) return;
    this.isChecked = true;
    void this.check();
  }

  failing(part: BrokerPart, error: Error): void {
    if (part === 'connection') this.events.lost(error);
    this.outages.begin(part, part === 'connection' ? new RedisUnavailableError(0, error) : error);
  }

  working(part: BrokerPart): void {
    if (part === 'connection') this.events.back();
    this.outages.over(part);
  }

  private async check(): Promise<void> {
    let facts: ServerFacts | null;
    try {
      facts = await this.broker.describe();
    } catch (error) {
      this.isChecked = false; // it went away meanwhile: the next connection is the first one that lasts
      this.logger.debug(`Redis could not be asked for its version: ${String(error)}`);
      return;
    }
    if (facts) this.judge(facts);
    else this.logger.debug('This user may not ask Redis for its version and settings (INFO), so they are not checked');
  }

  private judge({ version, isRecentEnough, evictionPolicy }: ServerFacts): void {
    if (!isRecentEnough) {
      this.logger.error(`Redis is ${version ?? ''}, and tasks need 6.2 or newer: adding and running them fails`);
    }
    if (evictionPolicy !== null && evictionPolicy !== 'noeviction') {
      this.logger.warn(
        `Redis evicts keys when its memory is full (maxmemory-policy is ${evictionPolicy}), and tasks with them: ` +
          'set maxmemory-policy to noeviction',
      );
    }
  }
}
