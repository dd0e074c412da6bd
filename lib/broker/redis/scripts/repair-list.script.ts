import { cancelling } from './cancelling.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { repairing } from './repairing.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Looks at a page of the queue, of a lane or of the suspects, from the left, where tasks are added: what is added meanwhile moves the
 * rest further along, so it may be met again, but never missed. What was taken meanwhile was taken from the other end.
 *
 * ARGV: as `repairing` says; then `queue`, `suspects` or the name of a lane, how many were passed, id of the last one, how many, 1 to compare them
 * with their statuses; then of ids that seem to be there twice: id, the list and the envelope where it was met first, or twice
 * nothing.
 * Returns: {how many are passed now, -1 at the end, id of the last one; what was found; ids; how many of them were passed
 * before; id and envelope of those that seem to be there twice; bytes read}.
 *
 * Whatever it mends stands at this moment at the place where it looks. Safe to repeat.
 */
export const repairList = String.raw`${envelopes}${lanes}${deadLetters}${cancelling}${repairing}
local passed, anchor, size, judges = tonumber(ARGV[first + 1]), ARGV[first + 2], tonumber(ARGV[first + 3]), ARGV[first + 4] == '1'
local function list_named(name)
  if name == 'suspects' then return suspects end
  return list_of(name ~= 'queue' and name)
end
local list = list_named(ARGV[first])
local LOOKS_MAX, MARK = 20, 'removed by a repair'
local wanted, has_wanted = {}, false
for i = first + 5, #ARGV, 3 do
  wanted[ARGV[i]], has_wanted = {list = ARGV[i + 1], envelope = ARGV[i + 2]}, true
end
local has_scheduled, has_cancels = call('EXISTS', scheduled) == 1, call('EXISTS', cancel) == 1

-- One that was passed comes along, to tell whether the rest has moved.
local start = math.max(0, passed - 1)
local items = call('LRANGE', list, start, passed + size - 1)
local ids, bytes, removed, looks, done = {}, 0, 0, 0, #items
local sightings, here = {}, {}

local function place_of(row)
  return start + row - 1 - removed
end

local function remove(row)
  call('LSET', list, place_of(row), MARK)
  call('LREM', list, 1, MARK)
  removed = removed + 1
end

local function replace(row, envelope)
  call('LSET', list, place_of(row), envelope)
end

local function rename_here(row)
  local own, renamed = give_own_id(items[row], 'waiting')
  if not own then return false end
  replace(row, renamed)
end

-- It waits already: so it need not wait for its time, but keeps its attempts.
local function part_from_scheduled(row, id)
  local other = call('HGET', parked, id)
  if other and not same_task(items[row], other) then return rename_here(row) end
  call('ZREM', scheduled, id)
  call('SREM', ${retrying}, id)
  if other and not call('ZSCORE', dead, id) then call('HDEL', parked, id) end
  local envelope = items[row]
  if other and attempts_of(other) > attempts_of(envelope) then
    envelope = other
    replace(row, envelope)
  end
  correct(id, envelope, 'waiting')
end

-- Where the task stands a second time at this moment: {envelope} of a worker's, or {envelope, list}.
local function twin_of(row, id)
  local holder = holder_of(id)
  if holder then return {envelope = call('HGET', active .. holder, id)} end
  if here[id] then return {envelope = items[here[id]], list = list} end
  local earlier = wanted[id]
  if earlier.envelope == '' then return nil end
  -- The only search in a list; for an id that two walks have met twice.
  local other_list = list_named(earlier.list)
  local limit = other_list == list and place_of(row) or 0
  if other_list == list and limit == 0 then return nil end
  local place = call('LPOS', other_list, earlier.envelope, 'MAXLEN', limit)
  return place and {envelope = earlier.envelope, list = other_list}
end

local function part_from_twin(row, id, twin)
  if not same_task(items[row], twin.envelope) then return rename_here(row) end
  if not twin.list then return remove(row) end
  -- This one is nearer to its turn, the other one may have been tried more often.
  if attempts_of(twin.envelope) > attempts_of(items[row]) then replace(row, twin.envelope) end
  call('LREM', twin.list, 1, twin.envelope)
  if twin.list == list then removed = removed + 1 end
end

local function judge(row, id)
  local state = state_of(id)
  local reason = has_cancels and call('HGET', cancel, id)
  if has_scheduled and call('ZSCORE', scheduled, id) then
    looks = looks + 1
    found('sameIdTwice', id, function() return part_from_scheduled(row, id) end)
  elseif reason then
    if state and state ~= 'cancelled' then
      looks = looks + 1
      found('wrongStatus', id, function() mark_cancelled(id, reason) note('PERSIST', status .. id) end)
    end
  elseif state == false and has_statuses then
    looks = looks + 1
    found('taskWithoutStatus', id, function() correct(id, items[row], 'waiting') end)
  elseif state and state ~= 'waiting' then
    looks = looks + 1
    if not holder_of(id) then found('wrongStatus', id, function() correct(id, items[row], 'waiting') end) end
  end
end

for row, item in ipairs(items) do
  local id = identify(item)
  ids[row] = id or ''
  bytes = bytes + #item
  if id and has_wanted and wanted[id] then
    sightings[#sightings + 1], sightings[#sightings + 2] = id, item
    -- Where one of them was called off nobody can tell which: a worker drops the first that it comes to, and no more.
    local twin = call('HEXISTS', cancel, id) == 0 and twin_of(row, id)
    if twin then found('sameIdTwice', id, function() return part_from_twin(row, id, twin) end) end
    here[id] = row
    looks = looks + 1
  elseif id and judges then
    judge(row, id)
  end
  -- The rest belongs to the next page: this one has cost enough, or its places have changed.
  if looks >= LOOKS_MAX or removed > 0 then
    done = row
    break
  end
end

local before = 0
if passed > 0 then
  before = anchor == '' and 1 or done
  for row = 1, done do
    if ids[row] == anchor and anchor ~= '' then
      before = row
      break
    end
  end
end
local at_end = done == #items and #items < passed + size - start
local last = before < done and ids[done] or anchor
return {at_end and -1 or start + done - removed, last, damages, ids, before, sightings, bytes}
`;
