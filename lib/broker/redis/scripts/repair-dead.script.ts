import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at a page of the dead letters: each has an envelope, and its status does not say that it will come again.
 *
 * ARGV: as `repairing` says; then cursor, about how many.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, {}, 0}.
 *
 * A dead letter without a status is none of these: statuses expire by themselves, dead letters with the next one that comes.
 * Nor is one whose status speaks of a later task of the same id. Safe to repeat.
 */
export const repairDead = String.raw`${envelopes}${deadLetters}${repairing}
local page = call('ZSCAN', dead, ARGV[first], 'COUNT', ARGV[first + 1])

for i = 1, #page[2], 2 do
  if is_full() then break end
  local id = page[2][i]
  local state = state_of(id)
  if not call('ZSCORE', dead, id) then
    -- Mended a moment ago: a page may name an id twice.
  elseif call('HEXISTS', parked, id) == 0 then
    found('deadWithoutEnvelope', id, function() call('ZREM', dead, id) end)
  elseif (state == 'scheduled' or state == 'retrying') and not call('ZSCORE', scheduled, id) and not holder_of(id) then
    found('wrongStatus', id, function() end_failed(id) end)
  end
end
return {is_full() and '' or page[1], damages, {}, 0}
`;
