import { LOG_TTL_MS } from '../../log-line.js';
import { noteEnded } from './recent.lua.js';

/**
 * What becomes of tasks that wait when many are dealt with at once: they end, or move to another queue. Needs `cancelling`,
 * `locking` and `addedAt`.
 *
 * KEYS has those of another partition, to which tasks move, behind those of this one, in the same order.
 *
 * ARGV begins with: 1 to only look, `end` or `move`, why they end (or what public ids in the other queue begin with), retention in
 * ms of what was cancelled; then which tasks are meant, each of them empty for any: name, text that stands in them, added at this time
 * or before, state; layout version, and 1 if every task of the other queue has a status. The own arguments of a script begin at `FIRST`.
 */
export const sweeping = String.raw`
local FIRST, TAKEN_MAX, TAKEN_BYTES = 11, 50, 262144
local only_looks, action, reason, retention = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4]
local wanted_name, wanted_text, added_until, wanted_state = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
local is_for_all = wanted_name == '' and wanted_text == '' and not added_until
-- By the keys of this partition those of the other one.
local there = {}
for row = 1, #KEYS / 2 do there[KEYS[row]] = KEYS[row + #KEYS / 2] end
-- What belongs to the place where the task was.
local STAYS_BEHIND = {token = true, cancelled_in = true, revived_by = true, moved_by = true}

-- Of one of the queues, if this version does not know it: its layout, and 1 if it is that of the other queue.
local function unknown_layout()
  for _, key in ipairs({meta, there[meta]}) do
    local layout = call('HGET', key, 'layout')
    if layout and layout ~= ARGV[9] then return {-1, tonumber(layout), key == meta and 0 or 1} end
  end
end

local function is_wanted(envelope)
  if is_for_all then return true end
  return (wanted_name == '' or name_of(envelope) == wanted_name)
    and (wanted_text == '' or string.find(envelope, wanted_text, 1, true) ~= nil)
    and (not added_until or added_at(envelope) <= added_until)
end

local has_logs = action == 'move' and call('EXISTS', logs) == 1
local rings_there = false
-- As the last one of its line in the other queue.
local function arrive_in_line(envelope)
  local priority, group = place_of(envelope)
  local lane = lane_of(priority, group)
  if group and not call('ZSCORE', there[groups], lane) and not call('ZSCORE', there[groups] .. ':resting', lane) then
    call('ZADD', there[groups], tonumber(call('ZRANGE', there[groups], -1, -1, 'WITHSCORES')[2] or 0) + 1, lane)
  elseif lane and not group then
    call('ZADD', there[priorities], -priority, lane)
  end
  call('LPUSH', lane and there[lane_key] .. lane or there[queue], envelope)
  rings_there = true
end

local own_queue = string.match(status, '{([^}]*)}:$')
-- What this task has left behind when it was moved from there to here.
local function is_trace_there(id)
  local state, why = unpack(note('HMGET', there[status] .. id, 'state', 'reason'))
  return state == 'cancelled' and why == 'moved to ' .. own_queue .. ':' .. id
end

-- What holds a key does so in this queue, and what is known in the other one is another task.
local function must_stay(id)
  if action ~= 'move' then return false end
  if string.sub(id, -#LOCKED) == LOCKED or call('HEXISTS', there[parked], id) == 1 then return true end
  return call('EXISTS', there[status] .. id) == 1 and not is_trace_there(id)
end

-- Its status comes first, then the task, and what is left here says where it is.
local function move(id, envelope, state, arrive)
  local key, other = status .. id, there[status] .. id
  if is_trace_there(id) then call('DEL', other) end
  local fields, copied = note('HGETALL', key), {}
  for i = 1, #fields, 2 do
    if not STAYS_BEHIND[fields[i]] then copied[#copied + 1], copied[#copied + 2] = fields[i], fields[i + 1] end
  end
  if #copied > 0 then
    call('HSET', other, unpack(copied))
    local ends_in = call('PTTL', key)
    if ends_in > 0 then call('PEXPIREAT', other, end_of(ends_in)) end
  elseif ARGV[10] == '1' and state ~= 'failed' then
    -- A dead letter has outlived its own.
    call('HSET', other, 'state', state, 'name', name_of(envelope) or '', 'created', now_text)
  end
  -- Its log comes along.
  if has_logs and call('EXISTS', logs .. ':' .. id) == 1 then
    call('RENAME', logs .. ':' .. id, there[logs] .. ':' .. id)
    call('SET', there[logs], 1, 'PX', ${LOG_TTL_MS})
  end
  -- Its plain status goes on.
  local plain_entry = is_followed and call('HGET', plain, id)
  if plain_entry then
    call('HSET', there[watched] .. ':plain', id, plain_entry)
    call('HDEL', plain, id)
  end
  arrive(envelope)
  if #copied > 0 then
    end_cancelled(id, 'moved to ' .. reason .. id, retention)
    tick_ended(id)
  end
end

local ended = {}
-- Deals with a task that is taken from where it was then.
local function deal_with(id, envelope, state, arrive)
  if action == 'move' then return move(id, envelope, state, arrive) end
  local lock = lock_of(id)
  introduce_if_new(id, envelope)
  end_cancelled(id, reason, retention)
  tick_ended(id)
  lock_ended(id, lock, true)
  ended[#ended + 1] = id
end

-- Once all of a page were dealt with.
local function tell_of_page()
  if #ended > 0 then${noteEnded('ended')}end
  if rings_there and call('EXISTS', there[bell]) == 0 then call('LPUSH', there[bell], 1) end
end
`;
