import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { Desk, type DeskTask, type HandlerCall, Throw } from '../../support/desk.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.advanceTimersByTime(1);
});
afterEach(() => void vi.useRealTimers());

const handlers = {
  hasty: { size: 3, maxWaitMs: 0 },
  patient: { size: 4, maxWaitMs: 200 },
  pair: { size: 2, maxWaitMs: 50 },
  single: undefined,
};
type Name = keyof typeof handlers;

type Answer = 'nothing' | 'throw' | 'short' | 'mixed';

type Step =
  | { do: 'claim'; most: number }
  | { do: 'answer'; which: number; how: Answer }
  | { do: 'pass'; ms: number }
  | { do: 'settle'; most: number }
  | { do: 'cancel' | 'lose'; which: number }
  | { do: 'give back' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), most: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat(20),
      how: fc.constantFrom<Answer>('nothing', 'throw', 'short', 'mixed'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 20, 60, 1_100) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), most: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'lose' as const), which: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'give back' as const }) },
);

interface Setup {
  names: Name[];
  concurrency: number;
  ack: 'batch' | 'each';
  steps: Step[];
}

/** Plays Redis and the handlers, and notes what becomes of each task. */
class Play {
  readonly ends = new Map<string, string[]>();
  readonly complaints: string[] = [];
  private readonly desk: Desk;
  private readonly all: DeskTask[];
  private queue: DeskTask[];
  /** What Redis says that the worker holds. */
  private readonly held = new Map<string, DeskTask>();
  private readonly calledOff = new Set<string>();
  /** The how manieth claim it was that brought a task last. */
  private readonly claimedAs = new Map<string, number>();
  private claims = 0;
  /** Calls that have not been answered. */
  private readonly open: HandlerCall[] = [];

  constructor(private readonly setup: Setup) {
    const { names, concurrency, ack } = setup;
    this.all = names.map((name, n) => ({ id: `t${n}`, name }));
    this.queue = [...this.all];
    this.desk = new Desk(handlers, { concurrency, ack });
  }

  async take(step: Step): Promise<void> {
    const { held } = this.desk;
    if (step.do === 'claim') this.claim(Math.min(step.most, held.room));
    else if (step.do === 'answer') this.answer(step.which, step.how);
    else if (step.do === 'settle') this.settle(step.most);
    else if (step.do === 'give back') held.giveBackAhead();
    else if (step.do === 'cancel') this.cancel(step.which);
    else if (step.do === 'lose') this.lose(step.which);
    await vi.advanceTimersByTimeAsync(step.do === 'pass' ? step.ms : 0);
    held.startWaiting();
    this.checkCalls();
  }

  /** Until nothing is left to do, or nothing goes on. */
  async end(): Promise<void> {
    for (let round = 0; round < 300 && (this.queue.length > 0 || this.desk.held.size > 0); round++) {
      await this.take({ do: 'claim', most: 50 });
      await this.take({ do: 'answer', which: round, how: 'mixed' });
      await this.take({ do: 'pass', ms: 30 });
      await this.take({ do: 'settle', most: 1_000 });
    }
  }

  private claim(count: number): void {
    const claimed: DeskTask[] = [];
    while (claimed.length < count && this.queue.length > 0) {
      const task = this.queue.shift() as DeskTask;
      if (this.calledOff.has(task.id)) this.note(task.id, 'cancelled');
      else claimed.push(task);
    }
    for (const task of claimed) {
      this.held.set(task.id, task);
      this.claimedAs.set(task.id, this.claims++);
    }
    this.desk.claim(claimed, { isLast: this.queue.length === 0 });
  }

  private answer(which: number, how: Answer): void {
    const [call] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (!call) return;
    const { ids } = call;
    const answers: Record<Answer, unknown> = {
      nothing: undefined,
      throw: new Throw(new Error('no')),
      short: ids.slice(1),
      mixed: ids.map((id, n) => ((which + n) % 3 === 0 ? new Error('no') : id)),
    };
    call.answer.open(answers[how]);
  }

  private settle(most: number): void {
    const outcomes = this.desk.held.outcomes.take(most);
    const refused = outcomes.filter((outcome) => !this.learn(outcome)).map(({ id }) => id);
    this.desk.held.settled(outcomes, { refused, cancelled: [], malformed: [] });
  }

  private learn({ kind, id }: Outcome): boolean {
    if (kind === 'began' || kind === 'progress') return true;
    const task = this.held.get(id);
    if (!task) return false;
    this.held.delete(id);
    if (kind === 'released' && !this.calledOff.has(id)) this.queue.unshift(task);
    else this.note(id, kind);
    return true;
  }

  private cancel(which: number): void {
    const { id } = this.all[which % this.all.length] as DeskTask;
    if (this.ends.has(id)) return;
    this.calledOff.add(id);
    if (this.held.has(id)) this.desk.held.cancel([id]);
  }

  /** Others have taken it over, and it was lost with them: so it is to be marked the next time. */
  private lose(which: number): void {
    const task = [...this.held.values()][which % Math.max(1, this.held.size)];
    if (!task) return;
    this.held.delete(task.id);
    this.desk.held.keepOnly(new Set(this.held.keys()));
    this.queue.unshift({ ...task, lost: 1 });
  }

  private note(id: string, end: string): void {
    this.ends.set(id, [...(this.ends.get(id) ?? []), end]);
  }

  private checkCalls(): void {
    const { desk, setup, claimedAs } = this;
    if (desk.held.takenSlots > setup.concurrency) this.complaints.push(`${desk.held.takenSlots} slots are taken`);
    const begun = desk.calls.splice(0);
    for (const { name, ids } of begun) {
      if (ids.length > (handlers[name as Name]?.size ?? 1)) this.complaints.push(`${ids.length} in a batch of ${name}`);
      const order = ids.map((id) => claimedAs.get(id) ?? -1);
      if (order.some((at, n) => at <= (order[n - 1] ?? -1))) this.complaints.push(`${ids.join()} are not in order`);
      const strangers = ids.filter((id) => this.all.find((task) => task.id === id)?.name !== name);
      if (strangers.length > 0) this.complaints.push(`${strangers.join()} in a batch of ${name}`);
    }
    this.open.push(...begun);
  }
}

it('any mix of names, sizes and outcomes: every task ends once, in batches that are not too large and in order', async () => {
  const setup: fc.Arbitrary<Setup> = fc.record({
    names: fc.array(fc.constantFrom<Name>('hasty', 'patient', 'pair', 'single'), { minLength: 1, maxLength: 40 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    ack: fc.constantFrom('batch' as const, 'each' as const),
    steps: fc.array(step, { maxLength: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(setup, async (given) => {
      const play = new Play(given);
      for (const each of given.steps) await play.take(each);
      await play.end();
      expect(play.ends.size).toBe(given.names.length);
      expect([...play.ends].filter(([, ends]) => ends.length !== 1)).toEqual([]);
      expect(play.complaints).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
