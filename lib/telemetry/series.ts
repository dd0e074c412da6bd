import type { Attributes } from '@opentelemetry/api';
import { operationAttributes, OTHER } from './attributes.js';

/** Names come from code, as a rule; but anybody may make some of data, and each would be kept for good. */
const MAX_SERIES = 500;
const MAX_ERROR_TYPES = 50;

/** The attributes of the metrics of one operation. Beyond so many the rest is counted as one. */
export class Series {
  private readonly known = new Map<string, Attributes>();
  private readonly errorTypes = new Set<string>();

  constructor(private readonly operation: 'send' | 'process') {}

  /** Nothing for a queue or a name where there are several. The same object each time. */
  of(queue: string | undefined, name: string | undefined): Attributes {
    // Names of queues have no spaces.
    const key = `${queue ?? ''} ${name ?? ''}`;
    return this.known.get(key) ?? this.learn(key, queue, name);
  }

  failed(attributes: Attributes, errorType: string): Attributes {
    const isKnown = this.errorTypes.has(errorType) || this.errorTypes.size < MAX_ERROR_TYPES;
    if (isKnown) this.errorTypes.add(errorType);
    return { ...attributes, 'error.type': isKnown ? errorType : OTHER };
  }

  private learn(key: string, queue: string | undefined, name: string | undefined): Attributes {
    if (this.known.size >= MAX_SERIES && (queue !== OTHER || name !== OTHER)) return this.of(OTHER, OTHER);
    const attributes = operationAttributes(this.operation, queue, name);
    this.known.set(key, attributes);
    return attributes;
  }
}
