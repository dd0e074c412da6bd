import { envelopes } from './envelopes.lua.js';
import { groupSlots } from './group-slots.lua.js';
import { lanes } from './lanes.lua.js';

/**
 * Enters what is set for a group: `weight concurrency max per`, each of them empty where nothing is, from its next turn on.
 *
 * ARGV: group, weight, concurrency, and of its rate how many within how many ms.
 * Returns: nothing. Safe to repeat.
 */
export const setGroup = String.raw`${envelopes}${lanes}${groupSlots}
local group, settings = ARGV[1], table.concat({ARGV[2], ARGV[3], ARGV[4], ARGV[5]}, ' ')
local limits = groups .. ':limits'
if not string.find(settings, '%d') then
  call('HDEL', limits, group)
else
  call('HSET', limits, group, settings)
end
-- It may run more from now on.
wake_group(group)
if is_anything_waiting() then ring() end
`;
