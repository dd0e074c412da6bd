/**
 * Pauses a queue: nobody claims from it. `task_limited` stays for ever then; what it holds is until when nothing may be claimed in any
 * case, as handlers were told: that goes on to count once the queue is resumed.
 *
 * ARGV: token.
 * Returns: 1 if it was not paused before, 0 if it was.
 *
 * Safe to repeat: the token tells that this call has paused it.
 */
export const pause = String.raw`
local token = ARGV[1]
work_at_maxmemory()
local left = call('PTTL', limited)
if left == -1 then return call('HGET', meta, 'paused_by') == token and 1 or 0 end
call('HSET', meta, 'paused_by', token)
call('SET', limited, left > 0 and end_of(left) or 0)
return 1
`;
