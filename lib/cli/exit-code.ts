/** What the exit code of the command line means. */
export const EXIT = {
  done: 0,
  /** There is no such task, it is not in a state for that, Redis refused, or `doctor` has found something. */
  notDone: 1,
  /** The command was called in a wrong way; nothing was done. */
  usage: 2,
  /** Redis does not answer. */
  unavailable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
