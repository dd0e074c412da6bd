import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { eventually } from './eventually.js';

export const traceOf = (span: ReadableSpan): string => span.spanContext().traceId;

export const isChild = (span: ReadableSpan, parent: ReadableSpan): boolean =>
  span.parentSpanContext?.spanId === parent.spanContext().spanId && traceOf(span) === traceOf(parent);

/** Does it within a span of the application's own. */
export async function within<T>(name: string, step: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await step();
    } finally {
      span.end();
    }
  });
}

/** An SDK as applications start it, that keeps all it is told. One per process. */
export class RecordedTelemetry {
  private readonly exporter = new InMemorySpanExporter();
  private readonly metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  private readonly reader = new PeriodicExportingMetricReader({
    exporter: this.metricExporter,
    exportIntervalMillis: 3_600_000,
  });

  /** @param further told of spans before they are kept */
  start(further: SpanProcessor[] = []): this {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const spanProcessors = [...further, new SimpleSpanProcessor(this.exporter)];
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [this.reader] }));
    return this;
  }

  async stop(): Promise<void> {
    await this.reader.shutdown();
    for (const api of [context, propagation, trace, metrics]) api.disable();
  }

  async clear(): Promise<void> {
    this.exporter.reset();
    await this.metrics();
  }

  /** What has ended. */
  get spans(): ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Waits for as many spans of that name, in the order in which they ended. */
  async ended(name: string, count = 1): Promise<ReadableSpan[]> {
    await eventually(() => this.named(name).length >= count, { what: `${count} spans "${name}"` });
    return this.named(name);
  }

  async first(name: string): Promise<ReadableSpan> {
    return (await this.ended(name))[0]!;
  }

  /** Since the last call, by name. */
  async metrics(): Promise<Map<string, MetricData>> {
    this.metricExporter.reset();
    await this.reader.forceFlush();
    const all = this.metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(all.flatMap((scope) => scope.metrics).map((metric) => [metric.descriptor.name, metric]));
  }
}
