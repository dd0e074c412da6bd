import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Looks at a page of what is counted as waiting for its next attempt: it waits for its time. Whether it waits as that is seen to
 * where `task_scheduled` is looked at, and an envelope that has lost its place where envelopes are.
 *
 * ARGV: as `repairing` says; then cursor, about how many.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, {}, 0}.
 *
 * Safe to repeat.
 */
export const repairRetrying = String.raw`${envelopes}${deadLetters}${repairing}
local page = call('SSCAN', ${retrying}, ARGV[first], 'COUNT', ARGV[first + 1])

for _, id in ipairs(page[2]) do
  if is_full() then break end
  local is_lost = call('HEXISTS', parked, id) == 1 and not call('ZSCORE', dead, id)
  if not call('ZSCORE', scheduled, id) and not is_lost then
    found('wrongRetrying', id, function() call('SREM', ${retrying}, id) end)
  end
end
return {is_full() and '' or page[1], damages, {}, 0}
`;
