import type { Partition } from './partition.js';

/** A list that others push to, and what becomes of its elements. */
export interface PlainSource {
  /** Its key, in full. */
  list: string;
  /** The name of the tasks. */
  task: string;
  /** Where they wait. */
  priority: number;
  expiresInMs: number | undefined;
  /** Whether each has a status from the beginning. */
  withStatus: boolean;
  deadLetterTtlMs: number;
  /** What the keys of their plain statuses begin with, and the member of an element that has its id. */
  statusPrefix: string;
  idField: string;
  /** How long a plain status stays once its task has ended, and once it has failed. */
  endedTtlMs: number;
  failedTtlMs: number;
}

/** What one call has made tasks of. */
export interface Adoption {
  count: number;
  /** Ids of those that are no text and dead letters now. */
  malformed: string[];
  /** Call again: this was one page. */
  more: boolean;
}

/** Takes in the elements of one plain list, over a connection of its own. */
export interface PlainInlet {
  /**
   * Waits for an element, at most `timeoutMs` and never longer than `MAX_SLEEP_MS`, and puts it where no other consumer of the list comes
   * to it. It is no task yet.
   * @returns the key that is in the way, since it is no list; `null` if none is
   */
  claim(timeoutMs: number): Promise<string | null>;

  /** Makes tasks of what was claimed, by whomever, and of what is next in the list. */
  adopt(): Promise<Adoption>;

  /** Ends its connection, and a `claim` that is under way. `adopt` still works. */
  close(): void;
}

/** Lists of plain values, and keys that hold the state of a task as one word, as scripts in other languages know them. */
export interface PlainStore {
  /** @returns `null` where nobody else can push */
  open(partition: Partition, source: PlainSource): PlainInlet | null;

  /** Sent once: it may have arrived although this fails. @returns how many elements the list has now */
  push(list: string, value: string): Promise<number>;

  /** @returns `null` where there is none @throws NotAPlainStatusError */
  word(key: string): Promise<string | null>;

  /** @param ttlMs for ever if there is none @throws NotAPlainStatusError */
  setWord(key: string, word: string, ttlMs: number | undefined): Promise<void>;
}
