import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Puts dead letters back at the end of the queue, with all their attempts before them. What is no task stays: it would only
 * be buried again, under another id. That of an earlier task of an id that is in use again is dropped.
 *
 * ARGV: token, ids.
 * Returns: the ids that were dead letters and are waiting now.
 *
 * Safe to repeat: what is waiting already is no dead letter any more, and the token tells that this call has put it there.
 */
export const revive = String.raw`${envelopes}${lanes}${deadLetters}
local token, revived = ARGV[1], {}
-- Whose plain status was told before it failed has it told again.
for i = 2, #ARGV do
  local entry = redis.pcall('HGET', status .. ARGV[i], 'plain')
  if type(entry) == 'string' and call('ZSCORE', dead, ARGV[i]) then
    call('HSET', watched .. ':plain', ARGV[i], entry)
    redis.pcall('HDEL', status .. ARGV[i], 'plain')
  end
end
${toldAtOnce}for i = 2, #ARGV do
  local id = ARGV[i]
  local envelope = call('HGET', parked, id)
  local is_dead = envelope and call('ZSCORE', dead, id)
  if not is_dead and note('HGET', status .. id, 'revived_by') == token then
    revived[#revived + 1] = id
  elseif is_dead and is_outlived(id) then
    call('ZREM', dead, id)
    call('HDEL', parked, id)
  elseif is_dead and identify(envelope) then
    call('ZREM', dead, id)
    wait_in_line(reset(envelope))
    call('HDEL', parked, id)
    local key = status .. id
    for _, field in ipairs(note('HKEYS', key)) do
      if string.find(field, '^error') then note('HDEL', key, field) end
    end
    note('HDEL', key, 'attempt', 'started', 'finished', 'progress', 'lost_with', 'company', 'spared')
    note('HSET', key, 'state', 'waiting', 'queued', now_text, 'revived_by', token)
    introduce_if_new(id, envelope)
    note('PERSIST', key)
    revived[#revived + 1] = id
  end
end
if #revived > 0 then ring() end
return revived
`;
