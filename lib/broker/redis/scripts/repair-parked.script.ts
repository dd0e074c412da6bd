import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Looks at a page of the parked envelopes: each is scheduled, or a dead letter.
 *
 * ARGV: as `repairing` says; then cursor, about how many.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, {}, bytes read}.
 *
 * One that has lost its place and whose status says neither becomes due at once: to run late is better than never.
 * Safe to repeat.
 */
export const repairParked = String.raw`${envelopes}${deadLetters}${repairing}
local page = call('HSCAN', parked, ARGV[first], 'COUNT', ARGV[first + 1])
local bytes = 0

local function put_back(id, envelope)
  local state = state_of(id)
  call('SREM', ${retrying}, id)
  if state == 'completed' or state == 'cancelled' then
    call('HDEL', parked, id)
  elseif state == 'failed' then
    local finished = tonumber(note('HGET', status .. id, 'finished') or nil)
    call('ZADD', dead, finished or now_text, id)
  else
    call('ZADD', scheduled, now_text, id)
    if state ~= nil and state ~= 'retrying' and state ~= 'scheduled' then state = scheduled_state(envelope) end
    if state == 'retrying' then call('SADD', ${retrying}, id) end
    if state then correct(id, envelope, state, now_text) end
  end
end

for i = 1, #page[2], 2 do
  if is_full() then break end
  local id, envelope = page[2][i], page[2][i + 1]
  bytes = bytes + #envelope
  if not call('ZSCORE', scheduled, id) and not call('ZSCORE', dead, id) then
    found('parkedWithoutIndex', id, function() put_back(id, envelope) end)
  end
end
return {is_full() and '' or page[1], damages, {}, bytes}
`;
