import { PAGE_BYTES } from './task-reader.js';

/** How many elements one command reads at most. */
export const MAX_PAGE = 100;

/** How many elements of a list are to be read next: nobody knows how large they are before some were read. */
export class PageSize {
  private size = 1;

  constructor(private readonly most = MAX_PAGE) {}

  get next(): number {
    return Math.min(this.size, this.most);
  }

  /** As if all to come were as long as the longest of these. */
  learn(elements: readonly string[]): void {
    const longest = elements.reduce((most, { length }) => Math.max(most, length), 1);
    this.size = Math.max(1, Math.min(this.size * 8, Math.floor(PAGE_BYTES / longest), MAX_PAGE));
  }
}
