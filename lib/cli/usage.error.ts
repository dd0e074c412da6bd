/** The command line was called in a wrong way: prints the usage, and ends with exit code 2. */
export class UsageError extends Error {}
