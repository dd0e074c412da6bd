import type { Result } from 'ioredis';
import type { TaskState } from '../task-state.js';
import { SCRIPT_KEYS } from './redis-keys.js';
import { beat } from './scripts/beat.script.js';
import { cancelScript } from './scripts/cancel.script.js';
import { discard } from './scripts/discard.script.js';
import { enqueue } from './scripts/enqueue.script.js';
import { exchange } from './scripts/exchange.script.js';
import { leave } from './scripts/leave.script.js';
import { recover } from './scripts/recover.script.js';
import { revive } from './scripts/revive.script.js';
import { ringAgain } from './scripts/ring-again.script.js';

type Arguments = readonly (string | number)[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    taskEnqueue(keysAndArguments: Arguments): Result<number[], Context>;
    taskExchange(keysAndArguments: Arguments): Result<ExchangeAnswer, Context>;
    taskBeat(
      keysAndArguments: Arguments,
    ): Result<[alive: number, held: number, expired: number, layout: number, cancelled: string[]], Context>;
    taskRecover(keysAndArguments: Arguments): Result<RecoverAnswer, Context>;
    taskLeave(keysAndArguments: Arguments): Result<number, Context>;
    taskCancel(keysAndArguments: Arguments): Result<TaskState | null, Context>;
    taskRevive(keysAndArguments: Arguments): Result<string[], Context>;
    taskDiscard(keysAndArguments: Arguments): Result<number, Context>;
    taskRingAgain(keysAndArguments: Arguments): Result<null, Context>;
  }
}

export type ExchangeAnswer =
  | [alive: 0]
  | [
      alive: 1,
      claimed: string[],
      refused: string[],
      malformed: string[],
      more: number,
      nextDueMs: number,
      expired: number,
      nowMs: number,
    ];

export type RecoverAnswer = [] | [worker: string, returned: string[], buried: string[], more: number];

const script = (lua: string): { lua: string; numberOfKeys: number } => ({ lua, numberOfKeys: SCRIPT_KEYS });

/** The option `scripts` of an ioredis client: sent by hash, and in full where Redis does not know the hash (yet). */
export const redisScripts = {
  taskEnqueue: script(enqueue),
  taskExchange: script(exchange),
  taskBeat: script(beat),
  taskRecover: script(recover),
  taskLeave: script(leave),
  taskCancel: script(cancelScript),
  taskRevive: script(revive),
  taskDiscard: script(discard),
  taskRingAgain: script(ringAgain),
};
