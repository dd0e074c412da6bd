import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at a page of what waits for its time: it has an envelope, is no dead letter, and its status says so.
 *
 * ARGV: as `repairing` says; then cursor, about how many.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, {}, 0}.
 *
 * Safe to repeat.
 */
export const repairScheduled = String.raw`${envelopes}${deadLetters}${repairing}
local page = call('ZSCAN', scheduled, ARGV[first], 'COUNT', ARGV[first + 1])
local WAITS = {scheduled = true, retrying = true}

for i = 1, #page[2], 2 do
  if is_full() then break end
  local id = page[2][i]
  local score = tonumber(call('ZSCORE', scheduled, id))
  local due = score and string.format('%.0f', math.floor(score))
  local state = state_of(id)
  if not due then
    -- Mended a moment ago: a page may name an id twice.
  elseif call('HEXISTS', parked, id) == 0 then
    found('scheduledWithoutEnvelope', id, function()
      call('ZREM', scheduled, id)
      if state == false or WAITS[state] then end_failed(id, 'no data', 'Its envelope is gone') end
    end)
  else
    if call('ZSCORE', dead, id) then
      found('scheduledAndDead', id, function()
        call('ZREM', dead, id)
        if not WAITS[state] then correct(id, call('HGET', parked, id), 'retrying', due) end
      end)
    elseif state == false then
      found('taskWithoutStatus', id, function()
        local envelope = call('HGET', parked, id)
        correct(id, envelope, scheduled_state(envelope), due)
      end)
    elseif state and not WAITS[state] and not holder_of(id) then
      found('wrongStatus', id, function()
        local envelope = call('HGET', parked, id)
        correct(id, envelope, scheduled_state(envelope), due)
      end)
    end
  end
end
return {is_full() and '' or page[1], damages, {}, 0}
`;
