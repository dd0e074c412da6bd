/** How a task becomes a dead letter. Dead letters are bounded in age by their retention, and in number. */
export const deadLetters = String.raw`
local DEAD_MAX, DEAD_PAGE = 100000, 100

-- Where the retention is 0 nothing is kept.
local function bury(id, envelope, failure, retention)
  local key = status .. id
  if retention == 0 then return call('DEL', key) end
  call('HSET', parked, id, envelope)
  call('ZADD', dead, now, id)
  call('HSET', key, 'state', 'failed', 'error', failure, 'finished', now)
  call('PEXPIRE', key, retention)
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
