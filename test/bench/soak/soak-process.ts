import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkScript } from '../fork-script.js';
import type { Question, SoakEvent, SoakMessage } from './messages.js';

/** Worker or producer. It ends with ours; that it ends before it was told to is an error that ends ours. */
export class SoakProcess {
  private readonly answers: ((answer: unknown) => void)[] = [];
  private readonly fail = (code: number | null, signal: NodeJS.Signals | null): never => {
    throw new Error(`A ${this.name} ended with ${signal ?? `exit status ${code}`} before it was told to.`);
  };

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    onEvents: (event: SoakEvent, tasks: readonly number[]) => void,
  ) {
    child.once('exit', this.fail);
    child.on('message', (message: SoakMessage) => {
      if ('event' in message) onEvents(message.event, message.tasks);
      else this.answers.shift()?.(message.answer);
    });
  }

  /** Resolves when it is at work. */
  static async start(
    name: 'worker' | 'producer',
    url: string,
    timeoutMs: number,
    onEvents: (event: SoakEvent, tasks: readonly number[]) => void,
  ): Promise<SoakProcess> {
    const process = new SoakProcess(name, forkScript(`./soak/${name}.ts`, [url], timeoutMs), onEvents);
    await process.answer();
    return process;
  }

  ask(question: Question): Promise<unknown> {
    this.child.send(question);
    return this.answer();
  }

  /** @returns what it has to say at the end, when nothing is left of it */
  async stop(): Promise<unknown> {
    const answer = await this.ask('stop');
    this.child.off('exit', this.fail);
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return answer;
  }

  private answer(): Promise<unknown> {
    return new Promise((resolve) => this.answers.push(resolve));
  }
}
