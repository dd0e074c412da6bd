import { ringRoom } from './room.lua.js';

/**
 * Lets workers claim from a queue again that was paused, and wakes all of them: who knew that it was paused does not listen to its bell.
 *
 * ARGV: token.
 * Returns: 1 if it was paused, 0 if not.
 *
 * Safe to repeat: the token tells that this call has resumed it.
 */
export const resume = String.raw`
local token = ARGV[1]
work_at_maxmemory()
if call('PTTL', limited) ~= -1 then return call('HGET', meta, 'resumed_by') == token and 1 or 0 end
local until_ms = tonumber(call('GET', limited)) or 0
if until_ms > now then call('PEXPIREAT', limited, string.format('%.0f', until_ms)) else call('DEL', limited) end
call('HDEL', meta, 'paused_by')
call('HSET', meta, 'resumed_by', token)
for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do ring_worker(worker) end
ring()${ringRoom}
return 1
`;
