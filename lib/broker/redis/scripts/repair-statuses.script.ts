import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at some statuses: terminal ones expire, others do not. What was cancelled while it was waiting is among the others until
 * a worker has come to it.
 *
 * ARGV: as `repairing` says; then ids.
 * Returns: {what was found, ids of those that are not terminal and whose tasks do not wait for their time}.
 *
 * Safe to repeat.
 */
export const repairStatuses = String.raw`${envelopes}${deadLetters}${repairing}
local open = {}
for i = first, #ARGV do
  local id = ARGV[i]
  local key = status .. id
  local state, left = state_of(id), call('PTTL', key)
  if state == nil or left == -2 then
    -- Not ours to judge, or gone.
  elseif TERMINAL[state] then
    if left == -1 and call('HEXISTS', cancel, id) == 0 then
      found('wrongExpiry', id, function()
        local retention = state == 'failed' and dead_retention or ended_retention
        if tonumber(retention) <= 0 then call('DEL', key) else call('PEXPIREAT', key, end_of(retention)) end
      end)
    end
  else
    if left >= 0 then found('wrongExpiry', id, function() call('PERSIST', key) end) end
    local waits = state == 'scheduled' or state == 'retrying'
    if not waits or not call('ZSCORE', scheduled, id) then open[#open + 1] = id end
  end
end
return {damages, open}
`;
