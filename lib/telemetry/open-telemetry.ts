import type { Tracer } from '@opentelemetry/api';
import { AddSpan } from './add-span.js';
import { Instruments } from './instruments.js';
import { ProcessSpan } from './process-span.js';
import type { Adding, Outgoing, ProcessedCall, Processing, Telemetry } from './telemetry.js';

export type OpenTelemetryApi = typeof import('@opentelemetry/api');

/** What spans and metrics are made with. */
export interface OpenTelemetryTools {
  readonly api: OpenTelemetryApi;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  /** Does what may run code of the application: of a sampler, a propagator, a processor. What fails there must not harm a task. */
  attempt(step: () => void): void;
}

const NAME = 'nestjs-redis-task-queue';

/** Tells OpenTelemetry. What becomes of that is the business of the SDK that the application has started, or has not. */
export class OpenTelemetry implements Telemetry {
  private readonly tools: OpenTelemetryTools;

  constructor(api: OpenTelemetryApi) {
    this.tools = {
      api,
      tracer: api.trace.getTracer(NAME),
      instruments: new Instruments(api.metrics.getMeter(NAME)),
      attempt: (step) => {
        try {
          step();
        } catch (error) {
          tell(api, error);
        }
      },
    };
  }

  adding(tasks: readonly Outgoing[], isBulk: boolean): Adding {
    return new AddSpan(this.tools, tasks, isBulk);
  }

  processing(call: ProcessedCall): Processing {
    return new ProcessSpan(this.tools, call);
  }
}

/** The logger is the application's own as well. */
function tell({ diag }: OpenTelemetryApi, error: unknown): void {
  try {
    diag.error(`${NAME}: telemetry failed`, error);
  } catch (failure) {
    process.emitWarning(failure instanceof Error ? failure : String(failure));
  }
}
