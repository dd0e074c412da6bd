import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Settles what a worker has finished and claims what it can take, in one call: the only script on the hot path.
 *
 * ARGV: worker, lease in ms, retention of dead letters in ms, how many tasks are wanted, how many bytes are wanted;
 * then for each outcome kind, id, text, number, run time in ms:
 *
 * | kind | text | number |
 * |---|---|---|
 * | `progress` | progress as JSON | |
 * | `completed` | result as JSON, or nothing | retention in ms |
 * | `unrecorded` (completed, too) | why the result is not kept | retention in ms |
 * | `failed` | error as JSON | retention in ms |
 * | `released` | | |
 * | `deferred` | | delay in ms |
 *
 * Returns: {0} if this worker was declared dead: then nothing was done. Else {1, what was claimed as id and envelope in
 * turn, ids whose outcome was refused, ids buried as malformed, 1 if more is waiting, ms until the next scheduled task is due or -1,
 * 1 if another worker's lease has run out}.
 *
 * An outcome is refused where the worker does not hold the task any more: that is the fencing. Not to be repeated
 * blindly, for it would claim again; after a lost answer the worker reads what it holds (`TaskBroker.held`).
 */
export const exchange = String.raw`${preamble}${envelopes}${deadLetters}
local worker, lease, dead_retention = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local want, want_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
local held = active .. worker
local RECENT_MAX, PROMOTE_PAGE, POP_PAGE_MAX = 1000, 100, 16

work_at_maxmemory()
local expiry = tonumber(call('ZSCORE', workers, worker) or 0)
if expiry == 0 then return {0} end
if expiry < now + lease * 0.8 then call('ZADD', workers, now + lease, worker) end

local refused, finished, malformed = {}, {}, {}

-- When a run began that took so long; most take the same few milliseconds.
local starts = {}
local function start_of(ran)
  local start = starts[ran]
  if not start then
    start = string.format('%.0f', now - ran)
    starts[ran] = start
  end
  return start
end

local function complete(id, field, text, retention, ran)
  local key = status .. id
  finished[#finished + 1] = id
  if retention == '0' then return note('DEL', key) end
  if text == '' then
    note('HSET', key, 'state', 'completed', 'started', start_of(ran), 'finished', now_text)
  else
    note('HSET', key, 'state', 'completed', 'started', start_of(ran), 'finished', now_text, field, text)
  end
  note('PEXPIRE', key, retention)
end

-- The claim did not become an attempt that counts.
local function unclaim(id, envelope, state)
  local _, attempt = identify(envelope)
  note('HSET', status .. id, 'state', state, 'attempt', attempt)
  note('HDEL', status .. id, 'started')
end

local settle = {
  failed = function(id, envelope, text, number, ran)
    note('HSET', status .. id, 'started', start_of(ran))
    bury(id, count(envelope, 1, 0, 0), text, tonumber(number))
    finished[#finished + 1] = id
  end,
  released = function(id, envelope)
    call('RPUSH', queue, envelope)
    unclaim(id, envelope, 'waiting')
    ring()
  end,
  deferred = function(id, envelope, text, number)
    id = park(id, (count(envelope, 0, 0, 1)))
    call('ZADD', scheduled, now + number, id)
    unclaim(id, envelope, 'scheduled')
  end,
}

for i = 6, #ARGV, 5 do
  local kind, id, text, number, ran = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  if kind == 'progress' then
    if call('HEXISTS', held, id) == 1 then note('HSET', status .. id, 'progress', text) end
  elseif kind == 'completed' or kind == 'unrecorded' then
    if call('HDEL', held, id) == 0 then
      refused[#refused + 1] = id
    else
      complete(id, kind == 'completed' and 'result' or 'unrecorded', text, number, ran)
    end
  else
    local envelope = call('HGET', held, id)
    if not envelope then
      refused[#refused + 1] = id
    else
      settle[kind](id, envelope, text, number, ran)
      call('HDEL', held, id)
    end
  end
end

-- Whatever is due joins the end of the queue, earliest first.
local due = call('ZRANGEBYSCORE', scheduled, '-inf', now, 'LIMIT', 0, PROMOTE_PAGE)
for _, id in ipairs(due) do
  local envelope = call('HGET', parked, id)
  call('ZREM', scheduled, id)
  if envelope then
    call('HDEL', parked, id)
    call('LPUSH', queue, envelope)
    note('HSET', status .. id, 'state', 'waiting')
  else
    note('HSET', status .. id, 'state', 'failed', 'error', '{"name":"no data","message":"Its envelope is gone"}')
    note('PEXPIRE', status .. id, dead_retention)
  end
end

-- What is no task is buried with its bytes kept; nothing that stood in the queue is dropped.
local function bury_malformed(item)
  local id = fresh_id()
  note('HSET', status .. id, 'created', now_text)
  bury(id, item, '{"name":"malformed","message":"The element is no JSON object with a name"}', dead_retention)
  malformed[#malformed + 1] = id
end

local claimed, popped, bytes, page = {}, 0, 0, 1
local function claim(item)
  local id, attempt = identify(item)
  if not id then
    local adopted
    id, adopted, attempt = adopt(item)
    if not id then return bury_malformed(item) end
    item = adopted
  end
  -- The same id twice, which only a foreign producer can bring about: the newcomer gets an id of its own.
  if call('HSETNX', held, id, item) == 0 then
    id = fresh_id()
    item = rename(item, id)
    call('HSET', held, id, item)
  end
  attempt = attempt == '0' and '1' or attempt + 1
  local added = note('HSET', status .. id, 'state', 'active', 'attempt', attempt, 'started', now_text)
  if added == 3 then introduce(id, item) end -- all three are new: somebody pushed a whole envelope
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = item
end

-- In growing pages: the first items tell how large they are.
while popped < want and bytes < want_bytes do
  local items = call('RPOP', queue, math.min(want - popped, page))
  if not items then break end
  popped = popped + #items
  page = math.min(page * 2, POP_PAGE_MAX)
  for _, item in ipairs(items) do
    bytes = bytes + #item
    claim(item)
  end
end

if #finished > 0 then
  call('LPUSH', recent, unpack(finished))
  call('LTRIM', recent, 0, RECENT_MAX - 1)
end
if #finished + #malformed > 0 then trim_dead(dead_retention) end

-- Whoever rings adds a token; one is enough, and none where nothing is left.
local more, tokens = call('LLEN', queue) > 0, call('LLEN', bell)
if more and tokens == 0 then call('LPUSH', bell, 1) end
if tokens > 1 then call('LTRIM', bell, 0, 0) end
local next_due = call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2]
local first_expiry = call('ZRANGE', workers, 0, 0, 'WITHSCORES')[2]
return {
  1, claimed, refused, malformed, more and 1 or 0,
  next_due and math.max(0, next_due - now) or -1,
  tonumber(first_expiry) < now and 1 or 0,
}
`;
