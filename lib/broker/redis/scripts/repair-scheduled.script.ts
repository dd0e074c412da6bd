import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Looks at a page of what waits for its time: it has an envelope, is no dead letter, its status says so, and it is counted as that
 * status says.
 *
 * ARGV: as `repairing` says; then cursor, about how many.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, {}, 0}.
 *
 * Safe to repeat.
 */
export const repairScheduled = String.raw`${envelopes}${deadLetters}${repairing}
local page = call('ZSCAN', scheduled, ARGV[first], 'COUNT', ARGV[first + 1])
local WAITS = {scheduled = true, retrying = true}

local function mark(id, state)
  call(state == 'retrying' and 'SADD' or 'SREM', ${retrying}, id)
end

local function correct_as(id, state, due)
  local envelope = call('HGET', parked, id)
  state = state or scheduled_state(envelope)
  correct(id, envelope, state, due)
  mark(id, state)
end

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
      mark(id, nil)
      if state == false or WAITS[state] then end_failed(id, 'no data', 'Its envelope is gone') end
    end)
  elseif call('ZSCORE', dead, id) then
    found('scheduledAndDead', id, function()
      call('ZREM', dead, id)
      if not WAITS[state] then correct_as(id, 'retrying', due) end
    end)
  elseif state == false then
    found('taskWithoutStatus', id, function() correct_as(id, nil, due) end)
  elseif state and not WAITS[state] and not holder_of(id) then
    found('wrongStatus', id, function() correct_as(id, nil, due) end)
  elseif WAITS[state] and (state == 'retrying') ~= (call('SISMEMBER', ${retrying}, id) == 1) then
    found('wrongRetrying', id, function() mark(id, state) end)
  end
end
return {is_full() and '' or page[1], damages, {}, 0}
`;
