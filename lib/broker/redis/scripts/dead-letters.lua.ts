/**
 * Where tasks stand that are not in the queue: scheduled ones and dead letters. Dead letters are bounded in age by their
 * retention, and in number. Needs `envelopes`.
 */
export const deadLetters = String.raw`
local DEAD_MAX, DEAD_PAGE, ERRORS_KEPT = 100000, 100, 5

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

-- Parks a task until its time. Returns the id.
local put_off
local function schedule(id, envelope, due)
  put_off = math.min(put_off or math.huge, tonumber(due))
  id = park(id, envelope)
  call('ZADD', scheduled, due, id)
  note('HSET', status .. id, 'due', due)
  return id
end

-- Enters why an attempt failed: the latest stands in "error", those of the attempts before it in "error:<attempt>".
local function note_error(id, attempt, failure)
  local key = status .. id
  local before = note('HGET', key, 'error')
  if type(before) == 'string' then
    note('HSET', key, 'error:' .. attempt - 1, before)
    note('HDEL', key, 'error:' .. attempt - ERRORS_KEPT)
  end
  note('HSET', key, 'error', failure)
end

-- Where the retention is 0 nothing is kept.
local function bury(id, envelope, attempt, failure, retention)
  if retention == 0 then
    if is_followed then note('HSET', status .. id, 'state', 'failed') end
    note('UNLINK', logs .. ':' .. id)
    return note('DEL', status .. id)
  end
  id = park(id, envelope)
  call('ZADD', dead, now_text, id)
  note_error(id, attempt, failure)
  note('HSET', status .. id, 'state', 'failed', 'finished', now_text)
  note('PEXPIREAT', status .. id, end_of(retention))
end

-- Whether the id of a dead letter is in use again. Then the status is not that of the dead letter, which has outlived its own.
local function is_outlived(id)
  local state = note('HGET', status .. id, 'state')
  return type(state) == 'string' and state ~= 'failed'
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
