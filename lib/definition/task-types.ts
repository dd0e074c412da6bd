/**
 * The data and results of tasks by name, for tasks that have no definition: yours to augment. Without an entry the data of a name
 * are `unknown`, and so is its result.
 *
 * @example
 * declare module 'nestjs-redis-task-queue' {
 *   interface TaskTypes {
 *     'email.send': { data: SendEmail; result: Receipt };
 *   }
 * }
 */
// Empty for whoever augments it.
export interface TaskTypes {}
