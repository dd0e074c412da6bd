import { retrying } from './retrying.lua.js';

/** The second part of `exchange`: tasks whose time has come. */
export const promoting = String.raw`
-- Few, for the same call settles and claims as well. It answers that there is more, and the next call follows at once.
local PROMOTE_PAGE = 16

-- Whatever is due joins the end of the queue, earliest first.
local next_due = tonumber(call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2])
local due = {}
if next_due and next_due < now + 1 then
  due = call('ZRANGEBYSCORE', scheduled, '-inf', '(' .. string.format('%.0f', now + 1), 'LIMIT', 0, PROMOTE_PAGE)
end
local found = #due
due = not_held_back(due)
if #due > 0 then call('SREM', ${retrying}, unpack(due)) end
for _, id in ipairs(due) do
  local envelope = call('HGET', parked, id)
  if envelope then
    come_back(envelope, max_lost)
    call('HDEL', parked, id)
    if is_suspect(envelope, max_lost) then ring() end
    note('HSET', status .. id, 'state', 'waiting', 'queued', now_text)
    note('HDEL', status .. id, 'due')
  else
    note('HSET', status .. id, 'state', 'failed', 'finished', now_text, 'error', '{"name":"no data","message":"Its envelope is gone"}')
    note('HDEL', status .. id, 'due')
    note('PEXPIREAT', status .. id, end_of(dead_retention))
  end
  call('ZREM', scheduled, id)
end
if found > 0 then next_due = tonumber(call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2]) end
`;
