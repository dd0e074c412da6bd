/** How a status goes for good, with the log of its task. */
export const removing = String.raw`
-- Not what somebody else keeps under its key.
local function forget_status(id)
  if type(note('HGET', status .. id, 'state')) ~= 'table' then note('DEL', status .. id) end
  call('UNLINK', logs .. ':' .. id)
end
`;

/** The same for a task that may hold a key, or that a tick waits for. Needs `endings`, `ticking` and `locking`. */
export const forgetting = String.raw`${removing}
local function forget(id)
  local lock = lock_of(id)
  -- Its plain status stays for a while, and says what has become of it, also where it has no other.
  if is_followed and not ENDED[note('HGET', status .. id, 'state')] then note('HSET', status .. id, 'state', 'cancelled') end
  call('HDEL', cancel, id)
  forget_status(id)
  tick_ended(id)
  lock_ended(id, lock, true)
end
`;
