import { createHash } from 'node:crypto';

/** An element of a list that was passed, to tell where a walk has been. A position keeps but a mark of it. */
export class Anchor {
  private constructor(
    private readonly element: string | null,
    private readonly known: string,
  ) {}

  static at(element: string): Anchor {
    return new Anchor(element, '');
  }

  static marked(mark: string): Anchor {
    return new Anchor(null, mark);
  }

  get mark(): string {
    return this.element === null ? this.known : markOf(this.element);
  }

  /** @returns -1 where it is not among them */
  placeIn(elements: readonly string[]): number {
    if (this.element !== null) return elements.indexOf(this.element);
    return elements.findIndex((element) => markOf(element) === this.known);
  }
}

function markOf(element: string): string {
  return createHash('sha1').update(element).digest('base64url').slice(0, 16);
}
