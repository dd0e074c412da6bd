import { preamble } from './preamble.lua.js';
import { scheduling } from './scheduling.lua.js';

/**
 * Changes when a task is due that waits for its time. When it expires, if it does, moves along.
 *
 * ARGV: id, when it is due from now on (as in `schedule`), token.
 * Returns: 1 if it was waiting for its time, 0 if not.
 *
 * Safe to repeat: by the token in its status a task tells that this call has moved it, whatever became of it since.
 */
export const reschedule = String.raw`${preamble}${scheduling}
local id, when, token = ARGV[1], ARGV[2], ARGV[3]
local key = status .. id
work_at_maxmemory()
if note('HGET', key, 'moved_by') == token then return 1 end
local score = tonumber(call('ZSCORE', scheduled, id))
if not score then return 0 end

local due = due_at(when)
local envelope = call('HGET', parked, id)
local start, expiry = string.match(envelope or '', '^(.*,"expiresAt":)(%d+)}$')
if expiry then
  expiry = string.format('%.0f', expiry + due - math.floor(score))
  call('HSET', parked, id, start .. expiry .. '}')
end
call('ZREM', scheduled, id)
call('ZADD', scheduled, score_of(due), id)
if note('EXISTS', key) == 1 then note('HSET', key, 'due', string.format('%.0f', due), 'moved_by', token) end
ring_for_first(due)
return 1
`;
