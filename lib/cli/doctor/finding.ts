import type { Session } from '../session.js';

/** What one check says: all is well, somebody should look at it, or tasks are in danger. */
export interface Finding {
  check: string;
  level: 'ok' | 'warning' | 'problem';
  text: string;
}

export type Check = (session: Session, queues: readonly string[]) => Promise<Finding[]>;

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text };
}

export function warning(check: string, text: string): Finding {
  return { check, level: 'warning', text };
}

export function problem(check: string, text: string): Finding {
  return { check, level: 'problem', text };
}
