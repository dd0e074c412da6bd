/* What spans and metrics say, by the semantic conventions for messaging, and under a prefix of our own what these have no word for. */

export const MESSAGING_SYSTEM = 'redis_task_queue';

export const attribute = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  queue: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  taskName: `messaging.${MESSAGING_SYSTEM}.task.name`,
  attempt: `messaging.${MESSAGING_SYSTEM}.task.attempt`,
  /** Of an add: what became of it. Of a run: how its task goes on. */
  outcome: `messaging.${MESSAGING_SYSTEM}.task.outcome`,
  /** How long it is until the task comes again, in ms. */
  delay: `messaging.${MESSAGING_SYSTEM}.task.delay_ms`,
} as const;

/** What both operations have in common with themselves, whatever they are about. */
export const operations = {
  send: {
    [attribute.system]: MESSAGING_SYSTEM,
    [attribute.operationName]: 'send',
    [attribute.operationType]: 'send',
  },
  process: {
    [attribute.system]: MESSAGING_SYSTEM,
    [attribute.operationName]: 'process',
    [attribute.operationType]: 'process',
  },
} as const;

/** Stands for what is one too many to be told apart. */
export const OTHER = '_OTHER';
