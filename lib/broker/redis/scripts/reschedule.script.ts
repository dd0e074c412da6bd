import { scheduling } from './scheduling.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Changes when a task is due that waits for its time. When it expires, if it does, moves along.
 *
 * ARGV: id, when it is due from now on (as in `schedule`), token.
 * Returns: 1 if it was waiting for its time, 0 if not.
 *
 * Safe to repeat: by the tokens in its status a task tells that this call has moved it, whatever became of it since; the last
 * few calls are remembered.
 */
export const reschedule = String.raw`${toldAtOnce}${scheduling}
local id, when, token = ARGV[1], ARGV[2], ARGV[3]
local key = status .. id
local TOKENS_MAX = 200
work_at_maxmemory()
local moved_by = note('HGET', key, 'moved_by')
if type(moved_by) ~= 'string' then moved_by = '' end
if string.find(moved_by, token, 1, true) then return 1 end
local score = tonumber(call('ZSCORE', scheduled, id))
if not score then return 0 end

local due = due_at(when)
local envelope = call('HGET', parked, id)
-- At the very end; a pattern that looks for it from the start would take long in a long envelope.
local expiry = string.match(string.sub(envelope or '', -40), ',"expiresAt":(%d+)}$')
if expiry and score >= 0 and score < 2 ^ 53 then
  local moved = string.format('%.0f', expiry + due - math.floor(score))
  call('HSET', parked, id, string.sub(envelope, 1, -#expiry - 2) .. moved .. '}')
end
call('ZREM', scheduled, id)
call('ZADD', scheduled, score_of(due), id)
if note('EXISTS', key) == 1 then note('HSET', key, 'due', string.format('%.0f', due), 'moved_by', string.sub(token .. ' ' .. moved_by, 1, TOKENS_MAX)) end
ring_for_first(due)
return 1
`;
