import { cancelling } from './cancelling.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Settles what a worker has finished and claims what it can take, in one call: the only script on the hot path.
 *
 * ARGV: worker, lease in ms, retention in ms of dead letters and of what was cancelled, how many tasks are wanted, how many
 * bytes are wanted, 1 to mark what is claimed as active, 1 to take a suspect if there is one; then the outcomes in groups:
 * kind, number, how many; and for each id, text, run time in ms:
 *
 * | kind | number | text |
 * |---|---|---|
 * | `began` | | |
 * | `progress` | | progress as JSON |
 * | `completed` | retention in ms | result as JSON, or nothing |
 * | `unrecorded` (completed, too) | retention in ms | why the result is not kept |
 * | `failed` | retention in ms | error as JSON |
 * | `retrying` | delay in ms | error as JSON |
 * | `snoozed` | delay in ms | |
 * | `cancelled` | retention in ms | reason |
 * | `expired` (cancelled, too) | retention in ms | |
 * | `released` | 1 for a suspect | |
 * | `deferred` | delay in ms | |
 *
 * Returns: {0} if this worker was declared dead: then nothing was done. Else {1, the envelopes that were claimed, ids whose
 * outcome was refused, ids buried as malformed, 1 if more is waiting, ms until the next scheduled task is due or -1,
 * 1 if another worker's lease has run out, Redis's time in ms}.
 *
 * Redis's time goes into keys that are cold in its caches. A task has one, its status; where handlers are quick it is written
 * once, at the end: that it was active, which nobody could have seen, is not marked.
 *
 * An outcome is refused where the worker does not hold the task any more: that is the fencing. Not to be repeated
 * blindly, for it would claim again; after a lost answer the worker reads what it holds (`TaskBroker.held`).
 */
export const exchange = String.raw`${preamble}${envelopes}${deadLetters}${cancelling}
local worker, lease, dead_retention, cancelled_retention = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local want, want_bytes, marks, probes = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1', ARGV[8] == '1'
local held = active .. worker
local RECENT_MAX, PROMOTE_PAGE, POP_PAGE_MAX = 1000, 100, 16

work_at_maxmemory()
local expiry = tonumber(call('ZSCORE', workers, worker) or 0)
if expiry == 0 then return {0} end
if expiry < now + lease * 0.8 then call('ZADD', workers, now + lease, worker) end

local refused, finished, malformed = {}, {}, {}
local has_cancels = call('EXISTS', cancel) == 1

-- Read only where it is needed: Lua hashes every byte of every text that it is given.
local function envelope_of(id)
  return call('HGET', held, id)
end

-- When a run began that took so long, as the outcome's argument says.
local function start_of(ran)
  return end_of(-ran)
end

-- Writes that a run began. Where the state is new, too, somebody pushed a whole envelope, and it has no status yet.
local function begin(id, attempt, start)
  local fresh
  if attempt == 1 then
    fresh = note('HSET', status .. id, 'state', 'active', 'started', start) == 2
  else
    fresh = note('HSET', status .. id, 'state', 'active', 'started', start, 'attempt', attempt) == 3
  end
  if fresh then introduce(id, envelope_of(id)) end
end

local function complete(id, field, text, retention, ran)
  local key = status .. id
  finished[#finished + 1] = id
  if retention == '0' then return note('DEL', key) end
  local fresh
  if text == '' then
    fresh = note('HSET', key, 'state', 'completed', 'started', start_of(ran), 'finished', now_text) == 3
  else
    fresh = note('HSET', key, 'state', 'completed', 'started', start_of(ran), 'finished', now_text, field, text) == 4
  end
  if fresh then introduce(id, envelope_of(id)) end
  note('PEXPIREAT', key, end_of(retention))
end

-- The claim did not become an attempt that counts.
local function unclaim(id, envelope, state)
  local _, attempt = identify(envelope)
  note('HDEL', status .. id, 'started', 'attempt')
  if attempt == '0' then
    note('HSET', status .. id, 'state', state)
  else
    note('HSET', status .. id, 'state', state, 'attempt', attempt)
  end
end

local settle = {
  began = function(id, _, _, ran)
    local _, attempt = identify(envelope_of(id))
    begin(id, attempt + 1, start_of(ran))
  end,
  progress = function(id, _, text)
    note('HSET', status .. id, 'progress', text)
  end,
  completed = function(id, retention, text, ran)
    complete(id, 'result', text, retention, ran)
  end,
  unrecorded = function(id, retention, text, ran)
    complete(id, 'unrecorded', text, retention, ran)
  end,
  failed = function(id, retention, text, ran)
    local envelope, _, attempt = count(envelope_of(id), 1, 0, 0)
    note('HSET', status .. id, 'started', start_of(ran))
    bury(id, envelope, attempt, text, tonumber(retention))
    finished[#finished + 1] = id
  end,
  retrying = function(id, delay, text, ran)
    local envelope, _, attempt = count(envelope_of(id), 1, 0, 0, now - ran)
    id = schedule(id, envelope, end_of(delay))
    note('HSET', status .. id, 'state', 'retrying', 'started', start_of(ran))
    note_error(id, attempt, text)
  end,
  snoozed = function(id, delay)
    local envelope = envelope_of(id)
    unclaim(schedule(id, envelope, end_of(delay)), envelope, 'scheduled')
  end,
  cancelled = function(id, retention, reason)
    end_cancelled(id, reason, retention)
    finished[#finished + 1] = id
  end,
  expired = function(id, retention)
    unclaim(id, envelope_of(id), 'cancelled')
    end_cancelled(id, 'expired', retention)
    finished[#finished + 1] = id
  end,
  released = function(id, is_suspect)
    local envelope = envelope_of(id)
    call('RPUSH', is_suspect == '1' and suspects or queue, envelope)
    unclaim(id, envelope, 'waiting')
    ring()
  end,
  deferred = function(id, delay)
    local envelope = envelope_of(id)
    unclaim(schedule(id, (count(envelope, 0, 0, 1)), end_of(delay)), envelope, 'scheduled')
  end,
}

local group = 9
while ARGV[group] do
  local kind, number, count = ARGV[group], ARGV[group + 1], tonumber(ARGV[group + 2])
  local goes_on = kind == 'began' or kind == 'progress'
  local completes = kind == 'completed' or kind == 'unrecorded' -- sees to it with less work
  local ids = {}
  for row = 1, count do ids[row] = ARGV[group + 3 * row] end
  for row, id in ipairs(ids) do
    if call('HEXISTS', held, id) == 1 then
      -- Whoever called it off was told that it ends so: however the run went, this is what counts.
      local reason = has_cancels and not goes_on and take_cancel(id)
      if reason or not (goes_on or completes) then introduce_if_new(id, envelope_of(id)) end
      if reason then
        settle.cancelled(id, cancelled_retention, reason)
      else
        settle[kind](id, number, ARGV[group + 3 * row + 1], ARGV[group + 3 * row + 2])
      end
    elseif not goes_on then
      refused[#refused + 1] = id
    end
  end
  if not goes_on then call('HDEL', held, unpack(ids)) end
  group = group + 3 + 3 * count
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
    note('HDEL', status .. id, 'due')
  else
    note('HSET', status .. id, 'state', 'failed', 'error', '{"name":"no data","message":"Its envelope is gone"}')
    note('PEXPIREAT', status .. id, end_of(dead_retention))
  end
end

-- What is no task is buried with its bytes kept; nothing that stood in the queue is dropped.
local function bury_malformed(item)
  local id = fresh_id()
  note('HSET', status .. id, 'created', now_text)
  bury(id, item, 0, '{"name":"malformed","message":"The element is no JSON object with a name"}', dead_retention)
  malformed[#malformed + 1] = id
end

local claimed, popped, bytes, page = {}, 0, 0, 1
local function claim(ids, envelopes, attempts)
  local taken, entries = call('HMGET', held, unpack(ids)), {}
  local seen = {}
  for row, id in ipairs(ids) do
    -- The same id twice, which only a foreign producer can bring about: the newcomer gets an id of its own.
    if taken[row] or seen[id] then
      id = fresh_id()
      envelopes[row] = rename(envelopes[row], id)
    end
    seen[id] = true
    entries[2 * row - 1], entries[2 * row] = id, envelopes[row]
    claimed[#claimed + 1] = envelopes[row]
  end
  call('HSET', held, unpack(entries))
  for row, attempt in ipairs(attempts) do
    -- What was tried before is marked in any case: a status without an attempt is one of the first.
    if marks or attempt ~= '0' then begin(entries[2 * row - 1], attempt + 1, now_text) end
  end
end

-- Takes those of them that are tasks.
local function take(items)
  local ids, envelopes, attempts = {}, {}, {}
  for _, item in ipairs(items) do
    bytes = bytes + #item
    local id, attempt = identify(item)
    local envelope = item
    if not id then id, envelope, attempt = adopt(item) end
    if not id then
      bury_malformed(item)
    elseif not (has_cancels and take_cancel(id)) then
      ids[#ids + 1], envelopes[#ids + 1], attempts[#ids + 1] = id, envelope, attempt
    end
  end
  if #ids > 0 then claim(ids, envelopes, attempts) end
end

if probes and want > 0 then
  local suspect = call('RPOP', suspects)
  if suspect then
    take({suspect})
    want = want - 1
    if call('EXISTS', suspects) == 1 then ring() end
  end
end

-- In growing pages: the first items tell how large they are.
while popped < want and bytes < want_bytes do
  local items = call('RPOP', queue, math.min(want - popped, page))
  if not items then break end
  popped = popped + #items
  page = math.min(page * 2, POP_PAGE_MAX)
  take(items)
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
  tonumber(first_expiry) < now and 1 or 0, now,
}
`;
