import { publicId, queueOf } from '../broker/partition.js';
import { TaskRejectedError } from '../errors/index.js';
import { FailTask, RateLimited, RetryTask, SnoozeTask } from '../handler/control-flow.js';
import { isDelay } from '../options/backoff.js';
import { defaultBackoff } from '../options/task-options.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { describeFailure, describeForLog, showFailure, showForLog } from './task-failure.js';
import type { Verdict } from './task-outcome.js';
import type { TaskRun } from './task-run.js';

/** Either when the next attempt is due, or why there is none; and what the log is to say of that. */
type Decision = { delayMs: number; remark: string } | { final: string };

/** Of a run that threw, or took too long. @param nowMs by Redis's clock */
export function judgeFailure(run: TaskRun, thrown: unknown, settings: QueueSettings, nowMs: number): Verdict {
  const { id } = run.envelope;
  // It was told to stop and did.
  if (run.abortedFor === 'shutdown') return judgeInterrupted(run, settings);
  if (run.abortedFor === 'cancelled') {
    return { outcome: { kind: 'cancelled', id, reason: 'cancelled', ttlMs: settings.cancelledTtlMs } };
  }
  if (isA(SnoozeTask, thrown) && isDelay(thrown.delayMs)) {
    return { outcome: { kind: 'snoozed', id, delayMs: thrown.delayMs } };
  }
  if (isA(RateLimited, thrown) && isDelay(thrown.delayMs)) {
    const { delayMs } = thrown;
    const text = `${run.title} was told to wait: its queue rests for ${delayMs} ms`;
    return { outcome: { kind: 'limited', id, delayMs }, log: { level: 'warn', text } };
  }
  return judgeFailedAttempt(run, thrown, settings, nowMs);
}

/**
 * Of a run that the shutdown of its worker has cut short: that is no failure of the task, and it is given back; unless it is to
 * run at most once.
 */
export function judgeInterrupted(run: TaskRun, settings: QueueSettings): Verdict {
  const { id } = run.envelope;
  if (settings.delivery === 'at-least-once') return { outcome: { kind: 'released', id, began: true } };
  const error = JSON.stringify({ name: 'interrupted', message: 'Its worker shut down before it had ended' });
  return {
    outcome: { kind: 'failed', id, error, ranMs: Math.round(run.ranMs), ttlMs: settings.failedTtlMs },
    log: { level: 'error', text: `${run.title} was interrupted by the shutdown and is a dead letter now` },
  };
}

function judgeFailedAttempt(run: TaskRun, thrown: unknown, settings: QueueSettings, nowMs: number): Verdict {
  const failure = describeFailure(thrown);
  const facts = { id: run.envelope.id, error: JSON.stringify(failure), ranMs: Math.round(run.ranMs) };
  const decision = decide(run, thrown, nowMs);
  const told = describeForLog(thrown);
  if ('final' in decision) {
    const text = `${run.title} failed${decision.final}: ${showFailure(told)}`;
    return {
      outcome: { kind: 'failed', ...facts, ttlMs: settings.failedTtlMs },
      log: { level: 'error', text, stack: told.stack },
    };
  }
  const { delayMs, remark } = decision;
  const text = `${run.title} failed${attemptOf(run)} and is tried again in ${delayMs} ms${remark}: ${showFailure(told)}`;
  return { outcome: { kind: 'retrying', ...facts, delayMs }, log: { level: 'warn', text } };
}

function decide(run: TaskRun, thrown: unknown, nowMs: number): Decision {
  if (isA(FailTask, thrown) || isA(TaskRejectedError, thrown)) return { final: ' for good' };
  const { attempts, retryForMs } = run.mode.settings;
  if (failuresOf(run) >= attempts) return { final: attempts > 1 ? attemptOf(run) : '' };

  const asked = isA(RetryTask, thrown) && isDelay(thrown.delayMs);
  const decision = asked ? { delayMs: thrown.delayMs, remark: '' } : backOff(run, thrown);
  if ('final' in decision) return decision;
  const first = run.envelope.first ?? nowMs - run.ranMs;
  const isOver = nowMs + decision.delayMs - first > retryForMs;
  return isOver ? { final: `, its time for attempts (${retryForMs} ms) is over` } : decision;
}

/** A backoff function of the application's that throws costs nothing but its own decision. */
function backOff(run: TaskRun, thrown: unknown): Decision {
  const { envelope, mode } = run;
  const { partition, handler, settings } = mode;
  const task = {
    id: publicId(partition, envelope.id),
    queue: queueOf(partition),
    name: handler.name,
    data: envelope.data,
  };
  const failures = failuresOf(run);
  try {
    const delayMs = settings.backoff(failures, thrown, task);
    return delayMs === null ? { final: ', its backoff gave up' } : { delayMs, remark: '' };
  } catch (error) {
    return {
      delayMs: defaultBackoff(failures),
      remark: ` (its backoff failed: ${showForLog(error)})`,
    };
  }
}

/** With the present attempt. What was lost with a worker is not held against the handler. */
function failuresOf({ envelope }: TaskRun): number {
  return Math.max(1, envelope.attempt + 1 - (envelope.lost ?? 0));
}

function attemptOf(run: TaskRun): string {
  return ` at attempt ${failuresOf(run)} of ${run.mode.settings.attempts}`;
}

/** Anything may have been thrown, a proxy that cannot be looked at included. */
function isA<T>(type: new (...args: never) => T, thrown: unknown): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}
