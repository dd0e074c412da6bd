import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Puts dead letters back at the end of the queue, with all their attempts before them. What is no task stays: it would only
 * be buried again, under another id. That of an earlier task of an id that is in use again is dropped.
 *
 * ARGV: ids.
 * Returns: the ids that were dead letters and are waiting now.
 *
 * Safe to repeat: what is waiting already is no dead letter any more.
 */
export const revive = String.raw`${preamble}${envelopes}${deadLetters}
local revived = {}
for _, id in ipairs(ARGV) do
  local envelope = call('HGET', parked, id)
  local is_dead = envelope and call('ZSCORE', dead, id)
  if is_dead and is_outlived(id) then
    call('ZREM', dead, id)
    call('HDEL', parked, id)
  elseif is_dead and identify(envelope) then
    call('ZREM', dead, id)
    call('LPUSH', queue, reset(envelope))
    call('HDEL', parked, id)
    local key = status .. id
    for _, field in ipairs(note('HKEYS', key)) do
      if string.find(field, '^error') then note('HDEL', key, field) end
    end
    note('HDEL', key, 'attempt', 'started', 'finished', 'progress', 'lost_with')
    if note('HSET', key, 'state', 'waiting') == 1 then introduce(id, envelope) end
    note('PERSIST', key)
    revived[#revived + 1] = id
  end
end
if #revived > 0 then ring() end
return revived
`;
