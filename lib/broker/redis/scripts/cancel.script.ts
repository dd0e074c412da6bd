import { cancelling } from './cancelling.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Calls a task off. What is waiting or scheduled never runs and is `cancelled` from now on. What is active is told to stop,
 * and is `cancelled` once its worker has heard of it, however its run ends.
 *
 * ARGV: id, reason, retention in ms of what was cancelled.
 * Returns: the state in which the task was, or nothing if there is none of this id.
 *
 * A waiting task stays in its list, which cannot be searched, until a worker comes to it and drops it.
 * Safe to repeat: the first call wins, a further one finds what the first one left.
 */
export const cancelScript = String.raw`${preamble}${cancelling}
local id, reason, retention = ARGV[1], ARGV[2], ARGV[3]
work_at_maxmemory()

for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do
  if call('HEXISTS', active .. worker, id) == 1 then
    if call('HSETNX', cancel, id, reason) == 1 then
      local worker_bell = bell .. ':' .. worker
      call('LPUSH', worker_bell, 1)
      call('PEXPIRE', worker_bell, 60000)
    end
    return 'active'
  end
end

local state = call('HGET', status .. id, 'state')
-- Whoever is quick is not marked as active, and whoever holds it was not found: then it is back in the queue.
if state == 'active' then state = 'waiting' end
if state == 'waiting' then
  call('HSET', cancel, id, reason)
  end_cancelled(id, reason, retention)
elseif state == 'scheduled' or state == 'retrying' then
  call('ZREM', scheduled, id)
  call('HDEL', parked, id)
  end_cancelled(id, reason, retention)
end
return state
`;
