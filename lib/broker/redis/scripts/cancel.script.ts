import { cancelling } from './cancelling.lua.js';
import { creating } from './creating.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { retrying } from './retrying.lua.js';
import { noteEnded } from './recent.lua.js';
import { ticking } from './ticking.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Calls a task off. What is waiting or scheduled never runs and is `cancelled` from now on. What is active is told to stop,
 * and is `cancelled` once its worker has heard of it, however its run ends.
 *
 * ARGV: id, reason, retention in ms of what was cancelled, token.
 * Returns: the state in which the task was, or nothing if there is none of this id.
 *
 * A waiting task stays in its list, which cannot be searched, until a worker comes to it and drops it.
 * Safe to repeat: the first call wins, and the token tells it again in which state the task was; others find it cancelled.
 */
export const cancelScript = String.raw`${toldAtOnce}${envelopes}${lanes}${cancelling}${creating}${endings}${ticking}${locking}
local id, reason, retention, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key, lock = status .. id, lock_of(id)
work_at_maxmemory()

for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do
  if call('HEXISTS', active .. worker, id) == 1 then
    if call('HSETNX', cancel, id, reason) == 1 then
      ring_worker(worker)
      -- It may have ended by the time that a call whose answer was lost comes again.
      if note('EXISTS', key) == 1 then note('HSET', key, 'cancelled_in', token .. ' active') end
    end
    return 'active'
  end
end

local state = call('HGET', key, 'state')
if state == 'cancelled' then
  local cancelled_in = call('HGET', key, 'cancelled_in')
  if cancelled_in and string.sub(cancelled_in, 1, #token + 1) == token .. ' ' then
    return string.sub(cancelled_in, #token + 2)
  end
end
-- Whoever is quick is not marked as active, and whoever holds it was not found: then it is back in the queue.
if state == 'active' then state = 'waiting' end
if state == 'waiting' then
  call('HSET', cancel, id, reason)
  mark_cancelled(id, reason)
${noteEnded('{id}')}  call('HSET', key, 'cancelled_in', token .. ' ' .. state)
elseif state == 'scheduled' or state == 'retrying' then
  call('ZREM', scheduled, id)
  call('SREM', ${retrying}, id)
  call('HDEL', parked, id)
  call('HSET', key, 'cancelled_in', token .. ' ' .. state)
  end_cancelled(id, reason, retention)
${noteEnded('{id}')}end
tick_ended(id)
lock_ended(id, lock, state == 'waiting' or state == 'scheduled' or state == 'retrying')
return state
`;
