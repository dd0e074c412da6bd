export const TASK_NAME = 'bench.task';
export const QUEUE = 'bench';

/** What every task of every peer carries: 200 bytes as JSON. */
export interface TaskData {
  n: number;
  text: string;
}

/** What every handler returns: a small value, made from the data, so that these must have arrived. */
export interface TaskResult {
  n: number;
}

const DATA_BYTES = 200;
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(5);

/** The data of task `n`, for n below nine million. */
export function taskData(n: number): TaskData {
  // The number is written with as many digits for every task, so that all are of one size.
  const numbered = n + 1_000_000;
  return { n: numbered, text: TEXT.slice(0, DATA_BYTES - '{"n":1000000,"text":""}'.length) };
}
