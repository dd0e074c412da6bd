import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { searching } from './searching.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Changes the priority of a task that waits, for a worker or for its time: it becomes the last one of that priority. The list in
 * which it waits is searched in pages.
 *
 * ARGV: id, priority, how many places of the list were searched before.
 * Returns: how many have been searched now, -1 if the task has that priority now, -2 if it does not wait, or belongs to a group.
 *
 * Safe to repeat: a task that has that priority already stays where it is.
 */
export const reprioritize = String.raw`${toldAtOnce}${envelopes}${lanes}${searching}
local id, priority, passed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local key = status .. id
work_at_maxmemory()

-- Written before the task moves: a repeated call finds by the task itself whether it has.
local function enter(envelope)
  local changed = prioritize(envelope, priority)
  if note('EXISTS', key) == 1 then
    if priority == 0 then note('HDEL', key, 'priority') else note('HSET', key, 'priority', priority) end
  end
  return changed
end

if call('ZSCORE', scheduled, id) then
  local envelope = call('HGET', parked, id)
  if not envelope or not identify(envelope) or select(2, place_of(envelope)) then return -2 end
  call('HSET', parked, id, enter(envelope))
  return -1
end

local state, before, group = unpack(note('HMGET', key, 'state', 'priority', 'group'))
if state ~= 'waiting' or group then return -2 end
before = tonumber(before or 0)
if before == priority then return -1 end
local list = list_of(lane_of(before))
local place, envelope, searched = search(list, id, passed)
if not place then return searched or -2 end
wait_in_line(enter(envelope))
call('LSET', list, place, MOVED)
ring()
return -1
`;
