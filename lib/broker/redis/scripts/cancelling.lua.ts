/**
 * How a task ends that was called off, by a caller or because its time is over.
 *
 * What is waiting stands in a list, which cannot be searched: it is marked in its status and in `task_cancel`, and dropped
 * when a worker comes to it. Until then its status must not expire, or another task of its id would be dropped in its place.
 */
export const cancelling = String.raw`
local function mark_cancelled(id, reason)
  note('HDEL', status .. id, 'due', 'latest')
  note('HSET', status .. id, 'state', 'cancelled', 'reason', reason, 'finished', now_text)
end

local function expire_cancelled(id, retention)
  retention = tonumber(retention)
  if retention == 0 then note('UNLINK', logs .. ':' .. id) end
  if retention <= 0 then
    note('DEL', status .. id)
  else
    note('PEXPIREAT', status .. id, end_of(retention))
  end
end

local function end_cancelled(id, reason, retention)
  mark_cancelled(id, reason)
  expire_cancelled(id, retention)
end

-- Called off while it was waiting or active: then the reason, and it must not run any more.
local function take_cancel(id)
  local reason = call('HGET', cancel, id)
  if reason then call('HDEL', cancel, id) end
  return reason
end
`;
