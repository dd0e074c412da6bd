/** How a task ends that was called off, by a caller or because its time is over. */
export const cancelling = String.raw`
local function end_cancelled(id, reason, retention)
  local key = status .. id
  if tonumber(retention) == 0 then return note('DEL', key) end
  note('HDEL', key, 'due')
  note('HSET', key, 'state', 'cancelled', 'reason', reason, 'finished', now_text)
  note('PEXPIREAT', key, end_of(retention))
end

-- Called off while it was waiting or active: then the reason, and it must not run any more.
local function take_cancel(id)
  local reason = call('HGET', cancel, id)
  if reason then call('HDEL', cancel, id) end
  return reason
end
`;
