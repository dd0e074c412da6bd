import { addedAt } from './added-at.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';

/**
 * For how long the task has been waiting that has been waiting longest. Of each list the first few elements are asked, until one says:
 * what stands at its head is the oldest, or was there already when the others came. Of priorities the lowest lists are looked at, of groups
 * those whose turn is next and those that rest; where tasks are large, only the first of these.
 *
 * ARGV: none.
 * Returns: ms, or -1 where nothing waits that says since when.
 *
 * Writes nothing.
 */
export const longestWait = String.raw`${envelopes}${lanes}
local LANES_MAX, HEAD = 16, 5
-- Redis copies all of an element, though only its beginning matters here.
local BYTES_MAX, bytes = 2 ^ 20, 0
${addedAt}
-- When a task joined its line, in ms, if it says.
local function waits_since(envelope)
  local id = identify(envelope)
  if not id then return nil end
  local since = tonumber(note('HGET', status .. id, 'queued')) or added_at(envelope)
  return since > 0 and since or nil
end

local oldest
local function look_at(list)
  for row = 1, HEAD do
    local envelope = bytes < BYTES_MAX and call('LINDEX', list, -row)
    if not envelope then return end
    bytes = bytes + #envelope
    local since = waits_since(envelope)
    if since then
      oldest = math.min(oldest or since, since)
      return
    end
  end
end

local function look_at_lanes(key, first, last)
  for _, lane in ipairs(call('ZRANGE', key, first, last)) do
    if lane ~= '' then look_at(list_of(lane)) end
  end
end

look_at(queue)
look_at(suspects)
look_at_lanes(priorities, -LANES_MAX, -1)
look_at_lanes(groups, 0, LANES_MAX - 1)
look_at_lanes(resting, 0, LANES_MAX - 1)
for _, name in ipairs(call('ZRANGE', turns, 0, LANES_MAX - 1)) do look_at(list_of('turn:' .. name)) end
return oldest and math.max(0, now - oldest) or -1
`;
