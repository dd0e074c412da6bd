import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { removing } from './removing.lua.js';
import { retrying } from './retrying.lua.js';
import { searching } from './searching.lua.js';
import { ticking } from './ticking.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Removes a task that no worker holds, with all that is kept of it. What waits for a worker is searched for in the lists in which it may
 * stand, a page in each call.
 *
 * ARGV: id, token, how long the answer is remembered in ms, list in which it is searched and how many of its places have been passed, 1 to
 * look only there: for what has no status.
 * Returns: {1} if it was removed now, {0} if a worker holds it or there is none, {2, list, passed} to go on, {3} if only a search
 * through all lists can tell.
 *
 * Safe to repeat: that it has been removed is remembered for as long as the call may be sent again.
 */
export const remove = String.raw`${toldAtOnce}${envelopes}${lanes}${creating}${endings}${ticking}${locking}${deadLetters}${removing}${searching}
local REMOVED, NOT_THERE, GO_ON, UNKNOWN = 1, 0, 2, 3
local id, token, memory, place, passed, is_only_there = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1'
local remembered = unique .. ':' .. token
work_at_maxmemory()
if call('EXISTS', remembered) == 1 then return {REMOVED} end

-- All that is kept of it, the key that it holds, and that a tick waits for it.
local function forget(id)
  local lock = lock_of(id)
  -- Its plain status stays for a while, and says what has become of it, also where it has no other.
  if is_followed and not ENDED[note('HGET', status .. id, 'state')] then note('HSET', status .. id, 'state', 'cancelled') end
  call('HDEL', cancel, id)
  forget_status(id)
  tick_ended(id)
  lock_ended(id, lock, true)
end

local function removed()
  forget(id)
  call('SET', remembered, 1, 'PX', memory)
  return {REMOVED}
end

for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do
  if call('HEXISTS', active .. worker, id) == 1 then return {NOT_THERE} end
end
if call('ZSCORE', scheduled, id) then
  call('ZREM', scheduled, id)
  call('SREM', ${retrying}, id)
  call('ZREM', dead, id)
  call('HDEL', parked, id)
  return removed()
end
if call('ZSCORE', dead, id) then
  local is_of_another = is_outlived(id)
  call('ZREM', dead, id)
  call('HDEL', parked, id)
  if not is_of_another then return removed() end
end

local state = note('HGET', status .. id, 'state')
if ENDED[state] and call('HEXISTS', cancel, id) == 0 then return removed() end
local places = is_only_there and {place} or places_of(id)
if not places then return {UNKNOWN} end
local row = 1
while places[row] and places[row] ~= place do row = row + 1 end
-- It was moved to another priority meanwhile.
if not places[row] then row, passed = 1, 0 end
local list = list_at(places[row])
local found, _, searched = search(list, id, passed)
if found then
  -- At an end it leaves no gap.
  if found == 0 then
    call('LPOP', list)
  elseif found == call('LLEN', list) - 1 then
    call('RPOP', list)
  else
    call('LSET', list, found, MOVED)
  end
  forget_if_empty(places[row])
  return removed()
end
if searched then return {GO_ON, places[row], searched} end
if places[row + 1] then return {GO_ON, places[row + 1], 0} end
return {NOT_THERE}
`;
