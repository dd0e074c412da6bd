import { envelopes } from './envelopes.lua.js';
import { groupSlots } from './group-slots.lua.js';
import { lanes } from './lanes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Enters what is set for a group: `weight concurrency`, each of them empty where nothing is, from its next turn on.
 *
 * ARGV: group, weight, concurrency.
 * Returns: nothing. Safe to repeat.
 */
export const setGroup = String.raw`${preamble}${envelopes}${lanes}${groupSlots}
local group, weight, concurrency = ARGV[1], ARGV[2], ARGV[3]
local limits = groups .. ':limits'
if weight .. concurrency == '' then
  call('HDEL', limits, group)
else
  call('HSET', limits, group, weight .. ' ' .. concurrency)
end
-- It may run more from now on.
wake_group(group)
if is_anything_waiting() then ring() end
`;
