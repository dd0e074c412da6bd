/** Every `TaskState`. */
export const TASK_STATES = ['scheduled', 'waiting', 'active', 'retrying', 'completed', 'failed', 'cancelled'] as const;

/**
 * Where a task stands.
 *
 * | state | entered | left |
 * |---|---|---|
 * | `scheduled` | it waits for its time | when it is due → `waiting`; called off → `cancelled` |
 * | `waiting` | it stands in the queue | a worker claims it → `active`; called off, or expired when claimed → `cancelled` |
 * | `active` | a worker holds it | settled; given back, or its worker died → `waiting` |
 * | `retrying` | an attempt failed and another will follow | when it is due → `waiting`; called off → `cancelled` |
 * | `completed` | its handler returned; kept for `retention.completed` | terminal |
 * | `failed` | it is a dead letter; kept for `retention.failed` | terminal, unless somebody puts it back → `waiting` |
 * | `cancelled` | somebody called it off, or it expired; kept for `retention.completed` | terminal |
 */
export type TaskState = (typeof TASK_STATES)[number];
