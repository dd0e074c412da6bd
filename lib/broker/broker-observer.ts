/** What is known of the server that keeps the tasks; `null` where it does not say. */
export interface ServerFacts {
  /** As the server writes it, e.g. `7.0.15`. */
  version: string | null;
  /** Whether its version has every command that the broker uses; `true` where that is unknown. */
  isRecentEnough: boolean;
  /** What it does when its memory is full, e.g. `noeviction`. */
  evictionPolicy: string | null;
  /** Whether it writes down each change, so that it still knows it after a crash. */
  isAppendOnly: boolean | null;
  /** Whether it could write down its data when it last tried to. */
  isSaving: boolean | null;
  usedBytes: number | null;
  /** How much memory it may use; 0 for no limit. */
  maxBytes: number | null;
  /** Its clock, in ms since 1970, when it answered. */
  timeMs: number | null;
}

/** What can fail on its own: every call, or only those that add. */
export type BrokerPart = 'connection' | 'adding';

/** Who is told how the broker gets on with its server. Nothing here may throw. */
export interface BrokerObserver {
  /** The connection stands, for the first time or again. */
  connected(): void;
  /** That part does not work at the moment. May be told again and again before it works. */
  failing(part: BrokerPart, error: Error): void;
  /** That part works (again). Is told even if nothing was failing. */
  working(part: BrokerPart): void;
}
