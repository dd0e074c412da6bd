/** What the library can do by now, and the suite may therefore ask of it. */
export const FEATURES = {
  /** `attempts` and `backoff`: a flaky task is completed in the end. */
  retries: false,
  /** A task that was lost too often runs alone, so nothing is lost for having stood beside a poisonous one. */
  quarantine: false,
};

/** How many attempts a task has. */
export const ATTEMPTS = FEATURES.retries ? 3 : 1;
