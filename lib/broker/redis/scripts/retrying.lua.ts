/**
 * SET of the ids that wait for their next attempt, among all that wait for their time: so nobody has to look at statuses to count
 * them. Whatever takes an id out of `task_scheduled` takes it out here, too.
 */
export const retrying = retryingOf('scheduled');

/** @param index the variable of `task_scheduled`, of another partition say */
export function retryingOf(index: string): string {
  return `${index} .. ':retrying'`;
}
