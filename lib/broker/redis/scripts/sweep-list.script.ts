import { addedAt } from './added-at.lua.js';
import { cancelling } from './cancelling.lua.js';
import { creating } from './creating.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { searching } from './searching.lua.js';
import { sweeping } from './sweeping.lua.js';
import { ticking } from './ticking.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Deals with a page of a list in which tasks wait for a worker, from where they are taken. Workers take from that end, too, and give back to
 * it: by a mark of the last task that stayed the page finds its place again, and where it cannot it looks again at what it has seen.
 *
 * ARGV: as `sweeping` says; then the list, how many elements were passed and are still there, the mark or nothing, how many were passed up to
 * it, how many may be looked at.
 * Returns: {the mark; how many were looked at for the first time, or if less than 0 how many are to be looked at again; how many are passed now, and up
 * to the mark; how many tasks were dealt with, how many were meant but stay, 1 at the end of the list}. Or {-1, layout
 * version, 1 if it is that of the other queue}.
 *
 * Safe to repeat: what is dealt with stands there no more.
 */
export const sweepList = String.raw`${toldAtOnce}${envelopes}${lanes}${cancelling}${creating}${endings}${ticking}${locking}${searching}${addedAt}${sweeping}
local LOOKED_MAX, STEP, AWAY_MAX, AWAY_BYTES, MARK_BYTES = 100, 32, 50, 262144, 320
local name, passed, mark, marked_at, most = ARGV[FIRST], tonumber(ARGV[FIRST + 1]), ARGV[FIRST + 2], tonumber(ARGV[FIRST + 3]), tonumber(ARGV[FIRST + 4])
local list = list_at(name)
work_at_maxmemory()
local unknown = unknown_layout()
if unknown then return unknown end

local function mark_of(item)
  return redis.sha1hex(#item .. ' ' .. string.sub(item, 1, MARK_BYTES))
end

local passed_before = passed
if mark ~= '' then
  -- Counted from the right. Where more were given back than taken meanwhile it stands further along.
  local from, away, bytes, found = math.min(marked_at, call('LLEN', list)), 0, 0, nil
  local function find_at(place)
    local item = place > 0 and not found and call('LINDEX', list, -place)
    if not item then return end
    if mark_of(item) == mark then found = place end
    bytes = bytes + #item
  end
  while away < AWAY_MAX and bytes < AWAY_BYTES and not found do
    find_at(from - away)
    find_at(from + away)
    away = away + 1
  end
  local place = found or math.max(0, from - away)
  passed, marked_at = math.max(0, passed - marked_at + place), place
  if place == 0 then
    passed, mark = 0, ''
  elseif not found then
    return {mark, passed - passed_before, passed, marked_at, 0, 0, 0}
  end
end
-- What workers have taken meanwhile may come back to the end from which the walk has come: so it counts as not looked at.
local moved = math.max(0, passed_before - passed)

local function arrive(envelope)
  if name ~= 'suspects' then return arrive_in_line(envelope) end
  call('LPUSH', there[suspects], envelope)
  rings_there = true
end

local done, kept = 0, 0
-- Whether the element is to be taken out.
local function sweep(item)
  if item == MOVED then return true end
  local id = identify(item)
  if not id then
    -- Nobody knows yet what it is.
    if not is_for_all then return false end
    done = done + 1
    if only_looks then return false end
    if action == 'move' then
      call('LPUSH', there[queue], item)
      rings_there = true
    else
      local adopted, envelope = adopt(item)
      if adopted then deal_with(adopted, envelope) end
    end
    return true
  end
  if only_looks and call('HEXISTS', cancel, id) == 1 then return false end
  if not only_looks and take_cancel(id) then
    expire_cancelled(id, retention)
    return true
  end
  if not is_wanted(item) then return false end
  if must_stay(id) then
    kept = kept + 1
    return false
  end
  done = done + 1
  if only_looks then return false end
  deal_with(id, item, 'waiting', arrive)
  return true
end

-- Counted from the right: which places become free, and how many of those stand at the very end.
local looked, taken, cut, bytes, at_end = 0, {}, 0, 0, false
most = math.min(most, LOOKED_MAX)
while looked < most and #taken < TAKEN_MAX and bytes < TAKEN_BYTES and not at_end do
  local step = looked == 0 and 1 or math.floor(TAKEN_BYTES * looked / math.max(1, bytes))
  step = math.max(1, math.min(step, STEP, most - looked, TAKEN_MAX - #taken))
  local items = call('LRANGE', list, -passed - looked - step, -passed - looked - 1)
  for row = #items, 1, -1 do
    local item = items[row]
    looked, bytes = looked + 1, bytes + #item
    local place = passed + looked
    if sweep(item) then
      taken[#taken + 1] = place
      if cut == place - 1 then cut = place end
    elseif item ~= MOVED then
      mark, marked_at = mark_of(item), place
    end
  end
  at_end = #items < step
end
passed = passed + looked
if not only_looks then
  for row, place in ipairs(taken) do
    if place > cut then call('LSET', list, -place, MOVED) end
  end
  if cut > 0 then
    call('LTRIM', list, 0, -cut - 1)
    passed, marked_at = passed - cut, math.max(0, marked_at - cut)
  end
  forget_if_empty(name)
  tell_of_page()
end
return {mark, looked - moved, passed, marked_at, done, kept, at_end and 1 or 0}
`;
