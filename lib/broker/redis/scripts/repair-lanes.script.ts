import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at lanes whose lists were found: who claims must know of them.
 *
 * ARGV: as `repairing` says; then names of lanes.
 * Returns: what was found, each as kind, name, and 1 if it was mended.
 *
 * Safe to repeat.
 */
export const repairLanes = String.raw`${envelopes}${lanes}${deadLetters}${repairing}
for i = first, #ARGV do
  local lane = ARGV[i]
  local priority, group = tonumber(string.match(lane, '^priority:(%-?%d+)$')), string.match(lane, '^group:(.+)$')
  local turn = string.match(lane, '^turn:(.+)$')
  local is_named = call('ZSCORE', priorities, lane) or call('ZSCORE', groups, lane) or call('ZSCORE', resting, lane)
  if turn then is_named = call('ZSCORE', turns, turn) end
  if (priority or group or turn) and not is_named and call('EXISTS', list_of(lane)) == 1 then
    found('unnamedLane', lane, function()
      if turn then call('ZADD', turns, now_text, turn) else name_lane(lane, priority, group) end
      ring()
    end)
  end
end
return damages
`;
