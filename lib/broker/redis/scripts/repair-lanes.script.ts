import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { preamble } from './preamble.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at lanes whose lists were found: who claims must know of them.
 *
 * ARGV: as `repairing` says; then names of lanes.
 * Returns: what was found, each as kind, name, and 1 if it was mended.
 *
 * Safe to repeat.
 */
export const repairLanes = String.raw`${preamble}${envelopes}${lanes}${deadLetters}${repairing}
for i = first, #ARGV do
  local lane = ARGV[i]
  local priority = tonumber(string.match(lane, '^priority:(%-?%d+)$'))
  if priority and not call('ZSCORE', priorities, lane) and call('EXISTS', list_of(lane)) == 1 then
    found('unnamedLane', lane, function()
      call('ZADD', priorities, -priority, lane)
      ring()
    end)
  end
end
return damages
`;
