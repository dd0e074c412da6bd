import { type Kind, KINDS, kindOf, QUEUES, taskNumber } from './load.js';
import type { SoakEvent } from './messages.js';

/** One byte per task: how often its handler returned, how often it threw, and what was said when it was called off. */
const UNIT: Record<SoakEvent, number> = { returned: 1, threw: 8, cancelled: 64, notCancelled: 128 };
/** A handler that comes still more often counts no further. */
const MOST = 7;
const SHOWN = 20;

/** Knows of every task how it has ended, from what handlers and callers noted: each has to end once, as it is meant to. */
export class Ledger {
  private bytes = new Uint8Array(1 << 20);
  private doneSoFar = 0;
  private readonly cancels = { cancelled: 0, notCancelled: 0 };

  /** How many tasks have ended as they are meant to. */
  get done(): number {
    return this.doneSoFar;
  }

  /** How many cancels came in time, and how many did not. */
  get calledOff(): Readonly<typeof this.cancels> {
    return this.cancels;
  }

  readonly note = (event: SoakEvent, tasks: readonly number[]): void => {
    if (event === 'cancelled' || event === 'notCancelled') this.cancels[event] += tasks.length;
    for (const n of tasks) {
      this.reserve(n);
      const before = this.bytes[n] ?? 0;
      const after = before + (isFull(before, event) ? 0 : UNIT[event]);
      this.bytes[n] = after;
      const kind = kindOf(n);
      this.doneSoFar += Number(isDone(kind, after)) - Number(isDone(kind, before));
    }
  };

  /** @param rowsOf how many tasks were added to each queue. @returns what is wrong, in words */
  problems(rowsOf: readonly number[]): string[] {
    const problems: string[] = [];
    rowsOf.forEach((rows, queue) => {
      for (let row = 0; row < rows; row++) {
        const n = taskNumber(queue, row);
        const byte = this.bytes[n] ?? 0;
        if (!isDone(kindOf(n), byte)) problems.push(`${QUEUES[queue]?.name} ${n} (${kindOf(n)}): ${inWords(byte)}`);
      }
    });
    return problems.length <= SHOWN
      ? problems
      : [...problems.slice(0, SHOWN), `… and ${problems.length - SHOWN} more tasks`];
  }

  private reserve(n: number): void {
    if (n < this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, n + 1));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function isDone(kind: Kind, byte: number): boolean {
  const { returned, threw, answer } = read(byte);
  if (kind === 'unwanted' && answer === 'none') return false;
  // It never ran, was told to stop, or came to its end in that moment.
  if (answer === 'cancelled') return returned + threw <= 1;
  const { returns, throws } = KINDS[kind];
  return returned === returns && threw === throws;
}

function isFull(byte: number, event: SoakEvent): boolean {
  const { returned, threw, answer } = read(byte);
  if (event === 'returned') return returned === MOST;
  if (event === 'threw') return threw === MOST;
  return answer !== 'none';
}

function read(byte: number): { returned: number; threw: number; answer: 'none' | 'cancelled' | 'notCancelled' } {
  const answer = byte >= UNIT.notCancelled ? 'notCancelled' : byte >= UNIT.cancelled ? 'cancelled' : 'none';
  return { returned: byte % 8, threw: Math.floor(byte / 8) % 8, answer };
}

function inWords(byte: number): string {
  const { returned, threw, answer } = read(byte);
  const said = { none: 'nobody called it off', cancelled: 'called off', notCancelled: 'called off too late' };
  return `returned ${returned} times, threw ${threw} times, ${said[answer]}`;
}
