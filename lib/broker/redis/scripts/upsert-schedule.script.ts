import { ticking } from './ticking.lua.js';

/**
 * Enters a schedule, or changes it. As long as its timing stays the same, so does its next tick; whether it is paused stays in any case.
 *
 * ARGV: layout version, how many schedules the queue may have, 1 if it was declared in code, the owner of such a one or
 * nothing, name, the next tick in ms, timing, catch-up, overlap, task name, head and body of its envelopes, in how many ms its tasks expire or nothing.
 * Returns: {0 if nothing had to be changed, 1 if it is new, 2 if it was changed; the next tick, "inf" for none}. {3, owner} if it belongs to
 * somebody else, {4} where there are too many, {-1, version} as "enqueue": then nothing was done.
 *
 * Safe to repeat.
 */
export const upsertSchedule = String.raw`${ticking}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local limit, declares, owner, name, tick = tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4], ARGV[5], ARGV[6]
local key = schedule_key .. name
local FIELDS = {'timing', 'catch_up', 'overlap', 'task', 'head', 'body', 'expires_in'}
local stored = call('HMGET', key, unpack(FIELDS))
local stored_owner, is_declared, is_paused = unpack(call('HMGET', key, 'owner', 'declared', 'paused'))
local is_new = not stored[1]
if declares and stored_owner and stored_owner ~= owner then return {3, stored_owner} end
if is_new and call('ZCARD', schedules) >= limit then return {4} end

local is_changed = is_new or (declares and (not is_declared or (owner ~= '' and not stored_owner)))
for i, field in ipairs(FIELDS) do
  local value = ARGV[6 + i]
  if value ~= (stored[i] or '') then
    is_changed = true
    if value == '' then call('HDEL', key, field) else call('HSET', key, field, value) end
  end
end
if not is_changed then return {0, call('ZSCORE', schedules, name) or 'inf'} end
if declares then
  call('HSET', key, 'declared', 1)
  if owner ~= '' then call('HSET', key, 'owner', owner) end
end
if is_paused then
  call('ZADD', schedules, '+inf', name)
elseif is_new or stored[1] ~= ARGV[7] or not call('ZSCORE', schedules, name) then
  call('ZADD', schedules, tick, name)
end
announce()
return {is_new and 1 or 2, call('ZSCORE', schedules, name)}
`;
