import { count, number } from './numbers.js';

const WIDTH = 30;
/** Where nobody watches a line change, one line per quarter is enough. */
const STEPS = 4;

export type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/** Shows how many tasks are done: on a terminal as a bar that is redrawn in place, elsewhere as a few plain lines. */
export class ProgressBar {
  private step = 0;
  private drawn = false;

  constructor(
    private readonly total: number,
    private readonly output: Output = process.stdout,
  ) {}

  show(done: number): void {
    const share = done / this.total;
    const text = `${number(done)} of ${count(this.total, 'task')} done`;
    if (this.output.isTTY) {
      const bar = '█'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '░');
      this.output.write(`\r${bar} ${text}`);
      this.drawn = true;
    } else if (Math.floor(share * STEPS) > this.step) {
      this.step = Math.floor(share * STEPS);
      this.output.write(`${text}\n`);
    }
  }

  /** Leaves the line of the bar. */
  end(): void {
    if (this.drawn) this.output.write('\n');
    this.drawn = false;
  }
}
