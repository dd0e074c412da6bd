/**
 * Removes a schedule, and the tick that waits for its predecessor. Tasks that it has made before stay.
 *
 * ARGV: name, the owner to which it must belong or nothing for any.
 * Returns: 1 if it was there, 0 if not. Safe to repeat.
 */
export const removeSchedule = String.raw`
local name, owner = ARGV[1], ARGV[2]
local key = schedule_key .. name
if owner ~= '' and call('HGET', key, 'owner') ~= owner then return 0 end
work_at_maxmemory()
call('ZREM', schedules, name)
return call('DEL', key)
`;
