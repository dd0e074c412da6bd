import type { Context, Link, Span } from '@opentelemetry/api';
import type { Envelope } from '../broker/envelope.js';
import type { Outcome } from '../broker/exchange.js';
import { queueOf } from '../broker/partition.js';
import { addAttempt, isCompleted, operationAttributes, outcomeAttributes } from './attributes.js';
import type { RunResult } from '../consumer/task-run.js';
import type { OpenTelemetryTools } from './open-telemetry.js';
import { recordFailure } from './span-failure.js';
import type { Processing, ProcessedCall } from './telemetry.js';
import { boundedCarrier } from './trace-carrier.js';

/**
 * The span of a call of a handler: a child of that of the add, so that one trace tells of a task from end to end. A batch comes from
 * several traces: its span begins one of its own and has links to them.
 */
export class ProcessSpan implements Processing {
  private readonly startedAt = performance.now();
  private context: Context;
  private span: Span | undefined;
  private errorType: string | undefined;
  private lastThrown: unknown;
  private isOver = false;

  constructor(
    private readonly tools: OpenTelemetryTools,
    private readonly call: ProcessedCall,
  ) {
    this.context = tools.api.ROOT_CONTEXT;
    tools.attempt(() => this.begin());
  }

  run(call: () => void): void {
    this.tools.api.context.with(this.context, call);
  }

  judged(task: Envelope, result: RunResult, outcome: Outcome | undefined): void {
    if (this.isOver) return;
    this.tools.attempt(() => {
      if (outcome?.kind === 'failed' || outcome?.kind === 'retrying') {
        this.fail('thrown' in result ? result.thrown : new Error('Its end cannot be judged'));
      }
      const { partition, handler } = this.call;
      if (!handler.batch) this.span?.setAttributes(outcomeAttributes(outcome));
      else if (!isCompleted(outcome)) {
        this.span?.addEvent('task', addAttempt(outcomeAttributes(outcome), partition, task));
      }
    });
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { tools, call } = this;
    const { instruments } = tools;
    tools.attempt(() => {
      const series = instruments.processes.of(queueOf(call.partition), call.handler.name);
      const { errorType } = this;
      const attributes = errorType === undefined ? series : instruments.processes.failed(series, errorType);
      instruments.processEnded(this.startedAt, attributes);
      this.span?.end();
    });
  }

  private begin(): void {
    const { api, tracer, instruments } = this.tools;
    const { partition, handler, tasks } = this.call;
    const queue = queueOf(partition);
    instruments.consumed.add(tasks.length, instruments.processes.of(queue, handler.name));
    const [first] = tasks;
    const isBatch = handler.batch !== undefined;
    const parent = isBatch || !first ? api.ROOT_CONTEXT : this.contextOf(first.envelope);
    const attributes = operationAttributes('process', queue, handler.name);
    if (isBatch) attributes['messaging.batch.message_count'] = tasks.length;
    else if (first) addAttempt(attributes, partition, first.envelope);
    const links = isBatch ? this.links() : [];
    this.span = tracer.startSpan(`process ${queue}`, { kind: api.SpanKind.CONSUMER, attributes, links }, parent);
    this.context = api.trace.setSpan(parent, this.span);
  }

  private links(): Link[] {
    const { trace } = this.tools.api;
    return this.call.tasks.flatMap(({ envelope }) => {
      const context = trace.getSpanContext(this.contextOf(envelope));
      return context && trace.isSpanContextValid(context)
        ? [{ context, attributes: addAttempt({}, this.call.partition, envelope) }]
        : [];
    });
  }

  /** That of whoever added the task, as far as its envelope says; never what happens to be active here. */
  private contextOf({ trace }: Envelope): Context {
    const { ROOT_CONTEXT, propagation } = this.tools.api;
    return trace === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, boundedCarrier(trace));
  }

  /** What a batch handler throws is the failure of all its tasks, and told once. */
  private fail(thrown: unknown): void {
    if (this.errorType !== undefined && this.lastThrown === thrown) return;
    this.lastThrown = thrown;
    this.errorType = recordFailure(this.span, thrown, this.tools.api.SpanStatusCode.ERROR);
  }
}
