import { cancelling } from './cancelling.lua.js';
import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { claiming } from './claiming.lua.js';
import { groupSlots } from './group-slots.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { limiting, limits } from './limiting.lua.js';
import { promoting } from './promoting.lua.js';
import { noteEnded } from './recent.lua.js';
import { ringRoom } from './room.lua.js';
import { settling } from './settling.lua.js';
import { ticking } from './ticking.lua.js';
import { watching } from './watching.lua.js';

/**
 * Settles what a worker has finished and claims what it can take, in one call: the only script on the hot path.
 *
 * ARGV: worker, lease in ms, how long that may last if it holds nothing and is alone (0: it holds something), retention in ms
 * of dead letters and of what was cancelled, how many tasks are wanted, for how many there is a slot, how many bytes are wanted, 1
 * to mark what is claimed as active, 1 to take a suspect if there is one, how often a task may be lost, how long a task
 * waits in ms for what counts as much as one priority more (0: for ever), how many tasks of
 * a group may be held at once where nothing else is set for it (0: any number), the limits of the queue as JSON, or nothing where it
 * has none; how many of the tasks below there are for whose end others may wait, and their ids; then the outcomes in groups:
 * kind, number, run time in ms, name where a status is probably written only now, how many; and for each id and text:
 *
 * | kind | number | text |
 * |---|---|---|
 * | `began` | | of a suspect `alone` or `not alone` |
 * | `progress` | | progress as JSON |
 * | `logged` | | |
 * | `completed` | retention in ms | result as JSON, or nothing |
 * | `unrecorded` (completed, too) | retention in ms | why the result is not kept |
 * | `failed` | retention in ms | error as JSON |
 * | `retrying` | delay in ms | error as JSON |
 * | `snoozed` | delay in ms | |
 * | `cancelled` | retention in ms | reason |
 * | `expired` (cancelled, too) | retention in ms | |
 * | `released` | 1 if it had begun | |
 * | `limited` (released, too) | for how long nothing is to be claimed, in ms | |
 * | `deferred` | delay in ms | |
 *
 * `logged` has the id where the others have the name, and then lines of that task, each as JSON.
 *
 * Returns: {0} if this worker was declared dead: then nothing was done. Else {1, the envelopes that were claimed, ids whose
 * outcome was refused, ids buried as malformed, 1 if more is waiting or due, ms until the next scheduled task is due or -1,
 * 1 if the lease lasts as long as it may and 2 if the worker holds
 * something though it was to hold nothing, 1 if another worker's lease has run out, Redis's time in ms, 1 if more is waiting or due but
 * limits are in the way: then it is told when they will not be instead of when something is due, or -1, and, if there are any, ids that
 * ended cancelled, whatever their outcomes were: somebody had called them off}.
 *
 * Redis's time goes into keys that are cold in its caches. A task has one, its status; where handlers are quick it is written
 * once, at the end: that it was active, which nobody could have seen, is not marked.
 *
 * An outcome is refused where the worker does not hold the task any more: that is the fencing. Not to be repeated
 * blindly, for it would claim again; after a lost answer the worker reads what it holds (`TaskBroker.held`).
 */
export const exchange = String.raw`${watching}${envelopes}${lanes}${groupSlots}${deadLetters}${cancelling}${creating}${endings}${ticking}${locking}
local worker, lease, rest = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local dead_retention, cancelled_retention = tonumber(ARGV[4]), ARGV[5]
local want, free, want_bytes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local marks, probes, max_lost = ARGV[9] == '1', ARGV[10] == '1', tonumber(ARGV[11])
local held = active .. worker
local aging, group_concurrency = tonumber(ARGV[12]), tonumber(ARGV[13])
local awaited_end = 15 + ARGV[15]
local OUTCOMES_FROM = awaited_end + 1

work_at_maxmemory()
local expiry = tonumber(call('ZSCORE', workers, worker) or 0)
if expiry == 0 then return {0} end
if expiry < now + lease * 0.8 then call('ZADD', workers, now + lease, worker) end

${limits}
local locks = {}
for i = 16, awaited_end do locks[i] = lock_of(ARGV[i]) end
${settling}
for i = 16, awaited_end do
  tick_ended(ARGV[i])
  lock_ended(ARGV[i], locks[i])
end
${promoting}${limiting}${claiming}
if #finished > 0 then${noteEnded('finished')}end
if #finished + #malformed > 0 then trim_dead(dead_retention) end

-- Whoever rings adds a token; one is enough, and none where nothing is left.
local more, tokens = not is_empty and is_anything_waiting(), call('LLEN', bell)
local next_turn = has_turns ~= false and tonumber(call('ZRANGE', turns, 0, 0, 'WITHSCORES')[2])
if next_turn then next_due = math.min(next_due or next_turn, next_turn) end
more = more or (next_due and next_due < now + 1)
-- Whoever knows that limits are in the way does not listen: so the token is for those that do not know.
local held_up = more and is_limited and #claimed >= want
if held_up then more, next_due = false, goes_on_at end
-- A worker that has no free slot any more cannot keep watch: another one has to look when the next one is due. It says so when
-- it has filled its slots, and when it has itself put off what is due next.
local hands_on = next_due and next_due < now + LOOKS_AGAIN_MS and #claimed >= free
  and (#claimed > 0 or (put_off and put_off <= next_due))
if (more or hands_on or held_up) and tokens == 0 then call('LPUSH', bell, 1) end
if more and bounds and bounds.globalConcurrency then${ringRoom}end
if tokens > 1 then call('LTRIM', bell, 0, 0) end
local first = call('ZRANGE', workers, 0, 1, 'WITHSCORES')
local REST, UNKNOWN, answer_to_rest = 1, 2, 0
-- Though it was sent by a worker that held nothing, the call may be late, or another one may have been.
if rest > 0 and #claimed == 0 then
  if call('EXISTS', held) == 1 then answer_to_rest = UNKNOWN elseif first[3] == nil then answer_to_rest = REST end
end
if answer_to_rest == REST then
  call('ZADD', workers, now + rest, worker)
elseif expiry > now + lease then
  call('ZADD', workers, now + lease, worker)
end
return {
  1, claimed, refused, malformed, more and 1 or 0,
  next_due and math.max(0, math.floor(next_due) - now) or -1,
  answer_to_rest, tonumber(first[2]) < now and 1 or 0, now, held_up and 1 or 0, called_off,
}
`;
