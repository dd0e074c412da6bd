import type { Attributes } from '@opentelemetry/api';
import type { Envelope } from '../broker/envelope.js';
import type { Outcome } from '../broker/exchange.js';
import { type Partition, publicId } from '../broker/partition.js';

/*
 * What spans and metrics say: by the semantic conventions for messaging, and under the name of this system what these have no word
 * for. Names are written out and not put together: V8 makes such objects many times faster.
 */

/** Stands for what is one too many to be told apart. */
export const OTHER = '_OTHER';

/** Nothing of a queue or a task name where there are several. */
export function operationAttributes(
  operation: 'send' | 'process',
  queue: string | undefined,
  taskName: string | undefined,
): Attributes {
  const attributes: Attributes = {
    'messaging.system': 'redis_task_queue',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
  };
  if (queue !== undefined) attributes['messaging.destination.name'] = queue;
  if (taskName !== undefined) attributes['messaging.redis_task_queue.task.name'] = taskName;
  return attributes;
}

/** Enters which attempt at which task this is. */
export function addAttempt(attributes: Attributes, partition: Partition, { id, attempt }: Envelope): Attributes {
  attributes['messaging.message.id'] = publicId(partition, id);
  attributes['messaging.redis_task_queue.task.attempt'] = attempt + 1;
  return attributes;
}

/** How a task goes on. @param outcome `undefined` where others run it now */
export function outcomeAttributes(outcome: Outcome | undefined): Attributes {
  const attributes: Attributes = { 'messaging.redis_task_queue.task.outcome': nameOf(outcome) };
  if (outcome && 'delayMs' in outcome) attributes['messaging.redis_task_queue.task.delay_ms'] = outcome.delayMs;
  return attributes;
}

export function isCompleted(outcome: Outcome | undefined): boolean {
  return nameOf(outcome) === 'completed';
}

function nameOf(outcome: Outcome | undefined): string {
  return outcome?.kind === 'unrecorded' ? 'completed' : (outcome?.kind ?? 'lost');
}
