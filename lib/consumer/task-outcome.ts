import type { Envelope } from '../broker/envelope.js';
import { type Partition, publicId } from '../broker/partition.js';
import type { Outcome } from '../broker/exchange.js';
import { FailTask } from '../handler/control-flow.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { judgeFailure } from './failed-attempt.js';
import { showError } from './task-failure.js';
import { encodeResult } from './task-result.js';
import type { RunResult, TaskRun } from './task-run.js';

/** What became of a task, and what the log is to say of it: ids, names and errors, never the data. */
export interface Verdict {
  outcome: Outcome;
  log?: { level: 'warn' | 'error'; text: string; stack?: string | undefined };
}

/**
 * A task without a handler here may have one in another version of the application, which is perhaps just being
 * deployed: it comes again after 1, 2, 4 … 300 seconds, for about an hour, and is a dead letter then.
 */
const FIRST_DEFERRAL_MS = 1_000;
const LAST_DEFERRAL_MS = 300_000;
const MAX_DEFERRALS = 20;

/**
 * Of a handler that returned or threw. Whatever it was, there is a verdict: anything that this code might stumble over fails the
 * task and nothing else.
 * @param nowMs by Redis's clock
 */
export function judgeRun(run: TaskRun, result: RunResult, settings: QueueSettings, nowMs: number): Verdict {
  try {
    if ('thrown' in result) return judgeFailure(run, result.thrown, settings, nowMs);
    return judgeReturn(run, result.value, settings);
  } catch (error) {
    return judgeFailure(run, new FailTask(`Its end cannot be judged: ${showError(error)}`), settings, nowMs);
  }
}

function judgeReturn(run: TaskRun, value: unknown, settings: QueueSettings): Verdict {
  const result = encodeResult(value, settings.maxResultBytes);
  const { id } = run.envelope;
  const ranMs = Math.round(run.ranMs);
  const ttlMs = settings.completedTtlMs;
  const name = settings.status === 'final' ? run.mode.handler.name : undefined;
  if ('result' in result) return { outcome: { kind: 'completed', id, result: result.result, ranMs, ttlMs, name } };
  return {
    outcome: { kind: 'unrecorded', id, reason: result.unrecorded, ranMs, ttlMs, name },
    log: { level: 'warn', text: `${run.title} is completed, but without a result: ${result.unrecorded}` },
  };
}

/** Of a task that was not begun in time. */
export function judgeExpired(run: TaskRun, settings: QueueSettings): Verdict {
  return {
    outcome: { kind: 'expired', id: run.envelope.id, ttlMs: settings.cancelledTtlMs },
    log: { level: 'warn', text: `${run.title} expired before a worker came to it` },
  };
}

/** Of what nobody here can run. */
export function judgeStranger(partition: Partition, envelope: Envelope, settings: QueueSettings): Verdict {
  const judge = envelope.name === null ? judgeMalformed : judgeUnknown;
  return judge(partition, envelope, settings);
}

/** Of an envelope that is no JSON object with a name behind its head. */
function judgeMalformed(partition: Partition, { id }: Envelope, settings: QueueSettings): Verdict {
  return {
    outcome: bury(id, 'malformed', 'The envelope is no JSON object with a name', settings),
    log: { level: 'error', text: `${publicId(partition, id)} is malformed and a dead letter now` },
  };
}

/** Of a task for which this worker has no handler. */
function judgeUnknown(partition: Partition, { id, name, missed }: Envelope, settings: QueueSettings): Verdict {
  const title = `${publicId(partition, id)}: no handler for "${name}" in this process`;
  if (missed >= MAX_DEFERRALS) {
    return {
      outcome: bury(id, 'no handler', `No worker had a handler for "${name}"`, settings),
      log: { level: 'error', text: `${title}; the task is a dead letter now` },
    };
  }
  const delayMs = Math.min(FIRST_DEFERRAL_MS * 2 ** missed, LAST_DEFERRAL_MS);
  return {
    outcome: { kind: 'deferred', id, delayMs },
    log: { level: 'warn', text: `${title}; the task waits for another one, next look in ${delayMs / 1000} s` },
  };
}

function bury(id: string, name: string, message: string, settings: QueueSettings): Outcome {
  return { kind: 'failed', id, error: JSON.stringify({ name, message }), ranMs: 0, ttlMs: settings.failedTtlMs };
}
