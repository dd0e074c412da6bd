import type { Span, SpanStatusCode } from '@opentelemetry/api';
import { describeForLog } from '../consumer/task-failure.js';
import { TaskQueueError } from '../errors/index.js';

/**
 * Says of a span that it has failed, as the log has it: bounded, whatever was thrown, and without what may be data of the task.
 * @returns the type of the error: the code where it is one of ours, else its name
 */
export function recordFailure(span: Span | undefined, thrown: unknown, code: SpanStatusCode.ERROR): string {
  const { name, message, stack } = describeForLog(thrown);
  const type = codeOf(thrown) ?? name;
  span?.recordException({ name, message, ...(stack !== undefined && { stack }) });
  span?.setAttribute('error.type', type);
  span?.setStatus({ code, message });
  return type;
}

/** A proxy that cannot be looked at has none. */
function codeOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof TaskQueueError ? thrown.code : undefined;
  } catch {
    return undefined;
  }
}
