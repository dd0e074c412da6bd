/**
 * Where tasks stand that are not in the queue: scheduled ones and dead letters. Dead letters are bounded in age by their
 * retention, and in number. Needs `envelopes`.
 */
export const deadLetters = String.raw`
local DEAD_MAX, DEAD_PAGE = 100000, 100

-- Keeps the envelope of a task that leaves the queue. A dead letter of an earlier task of the same id makes room. A
-- task of the same id that is scheduled, which only a foreign producer can bring about, stays: the newcomer gets an id
-- of its own. Returns the id.
local function park(id, envelope)
  if call('HSETNX', parked, id, envelope) == 0 then
    if call('ZSCORE', scheduled, id) then
      id = fresh_id()
      envelope = rename(envelope, id)
      introduce(id, envelope)
    end
    call('ZREM', dead, id)
    call('HSET', parked, id, envelope)
  end
  return id
end

-- Where the retention is 0 nothing is kept.
local function bury(id, envelope, failure, retention)
  if retention == 0 then return note('DEL', status .. id) end
  id = park(id, envelope)
  call('ZADD', dead, now_text, id)
  note('HSET', status .. id, 'state', 'failed', 'error', failure, 'finished', now_text)
  note('PEXPIREAT', status .. id, end_of(retention))
end

local function trim_dead(retention)
  local old = call('ZRANGEBYSCORE', dead, '-inf', now - retention, 'LIMIT', 0, DEAD_PAGE)
  local excess = call('ZCARD', dead) - DEAD_MAX
  if #old == 0 and excess > 0 then old = call('ZRANGE', dead, 0, math.min(excess, DEAD_PAGE) - 1) end
  if #old == 0 then return end
  call('ZREM', dead, unpack(old))
  call('HDEL', parked, unpack(old))
end
`;
