/**
 * The part of a queue that lives in one slot of a Redis Cluster. Its text is the hash tag of its keys and the first
 * part of its tasks' public ids. A queue has one partition today, named like itself.
 */
export type Partition = string & { readonly __brand: 'Partition' };

export function partitionOf(queue: string): Partition {
  return queue as Partition;
}

/** `#` cannot stand in a queue name, so `email#3` is partition 3 of queue `email`. */
export function queueOf(partition: Partition): string {
  const hash = partition.indexOf('#');
  return hash < 0 ? partition : partition.slice(0, hash);
}

/** What the API hands out for a task: `<partition>:<id>`, so that its keys can be found from the id alone. */
export function publicId(partition: Partition, id: string): string {
  return `${partition}:${id}`;
}

/** @returns `null` for text that can be no public id. Only the first `:` separates: ids may have more. */
export function parsePublicId(text: string): { partition: Partition; id: string } | null {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) return null;
  const partition = text.slice(0, colon);
  return PARTITION.test(partition) ? { partition: partition as Partition, id: text.slice(colon + 1) } : null;
}

const PARTITION = /^[A-Za-z0-9_.-]{1,64}(#\d{1,4})?$/;
