import { envelopes } from './envelopes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Puts dead letters back at the end of the queue, with all their attempts before them.
 *
 * ARGV: ids.
 * Returns: the ids that were dead letters and are waiting now.
 *
 * Safe to repeat: what is waiting already is no dead letter any more.
 */
export const revive = String.raw`${preamble}${envelopes}
local revived = {}
for _, id in ipairs(ARGV) do
  local envelope = call('HGET', parked, id)
  if call('ZREM', dead, id) == 1 and envelope then
    call('LPUSH', queue, reset(envelope) or envelope)
    call('HDEL', parked, id)
    local key = status .. id
    for _, field in ipairs(note('HKEYS', key)) do
      if string.find(field, '^error') then note('HDEL', key, field) end
    end
    note('HDEL', key, 'attempt', 'started', 'finished', 'lost_with')
    if note('HSET', key, 'state', 'waiting') == 1 then introduce(id, envelope) end
    note('PERSIST', key)
    revived[#revived + 1] = id
  end
end
if #revived > 0 then ring() end
return revived
`;
