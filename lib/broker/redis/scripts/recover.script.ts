import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Takes one worker whose lease has run out, and puts what it held back at the head of the queue, the attempt counted.
 * What was lost more than `max lost` times becomes a dead letter, for it may be what killed its workers.
 *
 * ARGV: max lost, retention of dead letters in ms.
 * Returns: {} if every lease is good. Else {worker, ids put back, ids buried, 1 if there is more to do}.
 *
 * Safe to repeat, and for several workers at once. The score 0 declares the worker dead before the first task moves:
 * from then on `exchange` and `beat` refuse it, so a page at a time is enough.
 */
export const recover = String.raw`${preamble}${envelopes}${deadLetters}
local max_lost, retention = tonumber(ARGV[1]), tonumber(ARGV[2])
local PAGE = 100

work_at_maxmemory()
local worker = call('ZRANGEBYSCORE', workers, '-inf', now, 'LIMIT', 0, 1)[1]
if not worker then return {} end
call('ZADD', workers, 0, worker)

-- Newest first: the oldest then stands at the very head of the queue.
local held = active .. worker
local ids = call('HKEYS', held)
table.sort(ids)
local last = math.max(1, #ids - PAGE + 1)
local returned, buried = {}, {}
for i = #ids, last, -1 do
  local id = ids[i]
  local envelope, lost, attempt = count(call('HGET', held, id), 1, 1, 0)
  if lost > max_lost then
    bury(id, envelope, '{"name":"lost","message":"Lost ' .. lost .. ' times, last with worker ' .. worker .. '"}', retention)
    buried[#buried + 1] = id
  else
    call('RPUSH', queue, envelope)
    note('HSET', status .. id, 'state', 'waiting', 'attempt', attempt)
    returned[#returned + 1] = id
  end
  call('HDEL', held, id)
end
if #buried > 0 then trim_dead(retention) end
if #returned > 0 then ring() end
if last == 1 then call('ZREM', workers, worker) end
return {worker, returned, buried, call('ZCOUNT', workers, '-inf', now) > 0 and 1 or 0}
`;
