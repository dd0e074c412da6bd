import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { Series } from './series.js';

/** In seconds, as the conventions recommend. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The metrics, by queue and task name. */
export class Instruments {
  readonly sends = new Series('send');
  readonly processes = new Series('process');
  readonly sent: Counter;
  readonly consumed: Counter;
  private readonly sendDuration: Histogram;
  private readonly processDuration: Histogram;

  constructor(meter: Meter) {
    const duration = { unit: 's', advice: { explicitBucketBoundaries: BUCKETS } };
    this.sent = meter.createCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Tasks that were to be added',
    });
    this.consumed = meter.createCounter('messaging.client.consumed.messages', {
      unit: '{message}',
      description: 'Tasks that handlers were called for',
    });
    this.sendDuration = meter.createHistogram('messaging.client.operation.duration', {
      ...duration,
      description: 'How long add and addBulk took',
    });
    this.processDuration = meter.createHistogram('messaging.process.duration', {
      ...duration,
      description: 'How long handlers took',
    });
  }

  /** @param startedAt by `performance.now()` */
  sendEnded(startedAt: number, attributes: Attributes): void {
    this.sendDuration.record(secondsSince(startedAt), attributes);
  }

  /** @param startedAt by `performance.now()` */
  processEnded(startedAt: number, attributes: Attributes): void {
    this.processDuration.record(secondsSince(startedAt), attributes);
  }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
