import type { Attributes, Span } from '@opentelemetry/api';
import { withTrace } from '../broker/envelope.js';
import { publicId, queueOf } from '../broker/partition.js';
import { BulkIncompleteError } from '../errors/index.js';
import type { AddedTask } from '../producer/added-task.js';
import { operationAttributes } from './attributes.js';
import type { OpenTelemetryTools } from './open-telemetry.js';
import { recordFailure } from './span-failure.js';
import type { Adding, Outgoing } from './telemetry.js';
import { encodeCarrier } from './trace-carrier.js';

/**
 * The span of an `add` or an `addBulk`. All tasks of it carry its context, in which their runs go on: a span for each row
 * of a bulk would cost more than the adding.
 */
export class AddSpan implements Adding {
  private readonly startedAt = performance.now();
  private readonly queue: string | undefined;
  private readonly name: string | undefined;
  private span: Span | undefined;

  constructor(
    private readonly tools: OpenTelemetryTools,
    private readonly tasks: readonly Outgoing[],
    private readonly isBulk: boolean,
  ) {
    this.queue = common(tasks, ({ partition }) => queueOf(partition));
    this.name = common(tasks, ({ task }) => task.name);
    tools.attempt(() => this.begin());
  }

  done([first]: readonly AddedTask[]): void {
    this.tools.attempt(() => {
      // Of a duplicate it is another one that is there.
      if (!this.isBulk && first) {
        this.span?.setAttribute('messaging.message.id', first.id);
        this.span?.setAttribute('messaging.redis_task_queue.task.outcome', first.outcome);
      }
      this.end();
    });
  }

  failed(error: unknown): void {
    this.tools.attempt(() => {
      this.end(recordFailure(this.span, error, this.tools.api.SpanStatusCode.ERROR), error);
    });
  }

  private begin(): void {
    const { api, tracer } = this.tools;
    const { queue, tasks } = this;
    const parent = api.context.active();
    const title = queue === undefined ? 'send' : `send ${queue}`;
    this.span = tracer.startSpan(title, { kind: api.SpanKind.PRODUCER, attributes: this.attributes() }, parent);
    const carrier = {};
    api.propagation.inject(api.trace.setSpan(parent, this.span), carrier);
    const trace = encodeCarrier(carrier);
    if (trace === undefined) return;
    for (const { task } of tasks) task.envelope = withTrace(task.envelope, trace);
  }

  private attributes(): Attributes {
    const { isBulk, tasks } = this;
    const attributes = operationAttributes('send', this.queue, this.name);
    const [first] = tasks;
    if (isBulk) attributes['messaging.batch.message_count'] = tasks.length;
    else if (first) attributes['messaging.message.id'] = publicId(first.partition, first.task.id);
    return attributes;
  }

  private end(errorType?: string, error?: unknown): void {
    const { instruments } = this.tools;
    this.count(errorType, error);
    const series = instruments.sends.of(this.queue, this.name);
    const attributes = errorType === undefined ? series : instruments.sends.failed(series, errorType);
    instruments.sendEnded(this.startedAt, attributes);
    this.span?.end();
  }

  /** Of a bulk that is incomplete some rows have been added. */
  private count(errorType: string | undefined, error: unknown): void {
    const { sends, sent } = this.tools.instruments;
    const answers = error instanceof BulkIncompleteError ? error.answers : [];
    const counts = new Map<Attributes, number>();
    const failures = new Map<Attributes, number>();
    this.tasks.forEach(({ partition, task }, row) => {
      const series = sends.of(queueOf(partition), task.name);
      const isSent = errorType === undefined || (answers[row] ?? null) !== null;
      const into = isSent ? counts : failures;
      into.set(series, (into.get(series) ?? 0) + 1);
    });
    for (const [series, count] of counts) sent.add(count, series);
    for (const [series, count] of failures) sent.add(count, sends.failed(series, errorType ?? ''));
  }
}

/** What all of them say; `undefined` where they differ. */
function common(tasks: readonly Outgoing[], read: (task: Outgoing) => string): string | undefined {
  const [first] = tasks;
  const value = first && read(first);
  return tasks.every((task) => read(task) === value) ? value : undefined;
}
