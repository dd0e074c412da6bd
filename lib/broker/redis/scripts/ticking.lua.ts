/**
 * How a schedule becomes tasks. Needs `lanes` and `creating`, except where a tick only ends.
 *
 * A schedule's hash holds its definition (`timing catch_up overlap task head body expires_in owner declared`) and where it
 * stands: `paused`; `last` and `skipped`, ticks in ms; `current`, the id of the task that its last tick became; `queued`, the
 * tick that waits until that one has ended.
 */
export const ticking = String.raw`
local ENDED = {completed = true, failed = true, cancelled = true}

-- Also what is not kept, once it has ended, what somebody else keeps under that key, and what never was.
local function has_ended(id)
  if not id then return true end
  local state = note('HGET', status .. id, 'state')
  return type(state) ~= 'string' or ENDED[state] == true
end

-- Adds the task of a tick, and answers as "create" does. Its time, in ISO 8601, makes its id.
local function add_tick(name, at)
  local key, id = schedule_key .. name, 'schedule:' .. name .. ':' .. at
  local head, body, task, expires_in = unpack(call('HMGET', key, 'head', 'body', 'task', 'expires_in'))
  local answer = create(status .. id, 'waiting', task, '')
  if type(answer) == 'table' then return answer end
  if answer == 1 then
    if expires_in then body = string.sub(body, 1, -2) .. ',"expiresAt":' .. end_of(expires_in) .. '}' end
    local envelope = head .. at .. '","attempt":0,' .. body
    note_place(id, envelope)
    wait_in_line(envelope)
    ring()
  end
  call('HSET', key, 'current', id)
  return answer
end

-- A task has ended: if it is the one of a tick that another tick waits for, that one is next.
local function tick_ended(id)
  if string.sub(id, 1, 9) ~= 'schedule:' then return end
  -- Behind the name stand a colon and a time of 24 characters.
  local name = string.sub(id, 10, -26)
  local found = note('HMGET', schedule_key .. name, 'queued', 'current')
  if not found[1] or found[2] ~= id or not has_ended(id) then return end
  call('HDEL', schedule_key .. name, 'queued')
  add_tick(name, found[1])
end

-- What the schedules of this queue are has changed: every worker, asleep or not, is told to look.
local function announce()
  call('HINCRBY', meta, 'schedules', 1)
  for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do
    ring_worker(worker)
  end
end
`;
