import { publicId, queueOf } from '../broker/partition.js';
import { FailTask, RetryTask, SnoozeTask } from '../handler/control-flow.js';
import { defaultBackoff } from '../options/task-options.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { describeFailure, showError, showFailure } from './task-failure.js';
import type { Verdict } from './task-outcome.js';
import type { TaskRun } from './task-run.js';

/** Either when the next attempt is due, or why there is none. */
type Decision = { delayMs: number; remark?: string } | { final: string };

/** Of an attempt that threw, or took too long. @param nowMs by Redis's clock */
export function judgeFailure(run: TaskRun, thrown: unknown, settings: QueueSettings, nowMs: number): Verdict {
  const { id } = run.envelope;
  // It was told to stop and did: that is no failure of the task.
  if (run.abortedFor === 'shutdown') return { outcome: { kind: 'released', id, isSuspect: run.isSuspect } };
  if (run.abortedFor === 'cancelled') {
    return { outcome: { kind: 'cancelled', id, reason: 'cancelled', ttlMs: settings.completedTtlMs } };
  }
  if (thrown instanceof SnoozeTask) return { outcome: { kind: 'snoozed', id, delayMs: thrown.delayMs } };

  const failure = describeFailure(thrown);
  const facts = { id, error: JSON.stringify(failure), ranMs: Math.round(run.ranMs) };
  const decision = decide(run, thrown, nowMs);
  if ('final' in decision) {
    const text = `${run.title} failed${decision.final}: ${showFailure(failure)}`;
    return {
      outcome: { kind: 'failed', ...facts, ttlMs: settings.failedTtlMs },
      log: { level: 'error', text, stack: failure.stack },
    };
  }
  const { delayMs, remark = '' } = decision;
  const text = `${run.title} failed${attemptOf(run)} and is tried again in ${delayMs} ms${remark}: ${showFailure(failure)}`;
  return { outcome: { kind: 'retrying', ...facts, delayMs }, log: { level: 'warn', text } };
}

function decide(run: TaskRun, thrown: unknown, nowMs: number): Decision {
  if (thrown instanceof FailTask) return { final: ' for good' };
  const failures = failuresOf(run);
  const { attempts, retryForMs } = run.settings;
  if (failures >= attempts) return { final: attempts > 1 ? attemptOf(run) : '' };

  const decision = thrown instanceof RetryTask ? { delayMs: thrown.delayMs } : {};
  const { delayMs, remark } =
    decision.delayMs === undefined ? backOff(run, failures, thrown) : { ...decision, remark: '' };
  if (delayMs === null || delayMs === undefined) return { final: ', its backoff gave up' };
  const first = run.envelope.first ?? nowMs - run.ranMs;
  if (nowMs + delayMs - first > retryForMs) return { final: `, its time for attempts (${retryForMs} ms) is over` };
  return { delayMs, remark };
}

/** A backoff function of the application's that throws costs nothing but its own decision. */
function backOff(run: TaskRun, failures: number, thrown: unknown): { delayMs: number | null; remark: string } {
  const { partition, envelope, handler, settings } = run;
  const task = {
    id: publicId(partition, envelope.id),
    queue: queueOf(partition),
    name: handler.name,
    data: envelope.data,
  };
  try {
    return { delayMs: settings.backoff(failures, thrown, task), remark: '' };
  } catch (error) {
    return { delayMs: defaultBackoff(failures, thrown, task), remark: ` (its backoff failed: ${showError(error)})` };
  }
}

/** With the present attempt. What was lost with a worker is not held against the handler. */
function failuresOf({ envelope }: TaskRun): number {
  return Math.max(1, envelope.attempt + 1 - envelope.lost);
}

function attemptOf(run: TaskRun): string {
  return ` at attempt ${failuresOf(run)} of ${run.settings.attempts}`;
}
