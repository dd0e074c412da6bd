import { TaskQueueError } from './task-queue.error.js';

/** A handler, or a `forFeature`, belongs to an instance that the application has not imported. Thrown at start. */
export class UnknownInstanceError extends TaskQueueError {
  readonly code = 'UNKNOWN_INSTANCE';

  /** @param known the instances that there are, where that is known */
  constructor(who: string, instance: string, known: readonly string[] = []) {
    const call = instance === 'default' ? 'forRoot()' : `forRoot({ name: '${instance}' })`;
    const others = known.map((name) => `{ instance: '${name}' }`).join(' or ');
    super(
      `${who} belongs to the instance "${instance}", which is not imported: import RedisTaskQueueModule.${call} in the root ` +
        `module${others && `, or say which other instance is meant: ${others}`}.`,
    );
  }
}
