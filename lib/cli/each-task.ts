import { EXIT, type ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import { printable } from './table.js';

/** What became of one task. */
export interface TaskAnswer {
  id: string;
  /** Whether it was done. */
  done: boolean;
  state?: string;
  /** The same for people. */
  text: string;
}

/** Does the same to several tasks, one after the other. @returns `notDone` if it was not done to all of them */
export async function eachTask(
  ids: readonly string[],
  output: Output,
  act: (id: string) => Promise<TaskAnswer>,
): Promise<ExitCode> {
  const answers: TaskAnswer[] = [];
  for (const id of ids) answers.push(await act(id));
  const facts = answers.map(({ text: _, ...others }) => others);
  output.show(facts, answers.map(({ id, text }) => `${printable(id)}: ${text}`).join('\n'));
  return answers.every(({ done }) => done) ? EXIT.done : EXIT.notDone;
}
