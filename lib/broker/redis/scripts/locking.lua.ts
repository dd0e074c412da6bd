import { LOCKED_SUFFIX } from '../../lock.js';

/**
 * How tasks hold keys, for `unique`, `throttle` and `debounce`. Needs `endings`.
 *
 * `task_unique` says by key who holds it and how long: `finished <id>`, `started <id>`, `<time in ms> <id>`, or
 * `debounce <id> <id>`, the task that nobody has taken yet and the one before it. What is written there is never trusted: whether the
 * lock still holds is asked of the status of that task, so one that nobody removes, whatever has happened, holds no more.
 *
 * A task that holds a key, or did, has an id that says so. Its status names the key in \`unique\`; in \`after\` the task before
 * whose end it must not begin; in \`latest\` its new envelope, where the old one stands in the queue, which cannot be searched.
 */
export const locking = String.raw`
local LOCKED, LOOKS_AT_OTHER_MS = '${LOCKED_SUFFIX}', 10000

-- The key of a task that holds one, or did.
local function lock_of(id)
  if string.sub(id, -#LOCKED) ~= LOCKED then return nil end
  local lock = note('HGET', status .. id, 'unique')
  return type(lock) == 'string' and lock or nil
end

-- Whether no worker has taken it yet: what takes a task writes here that it did.
local function is_pending(id)
  local state = id ~= '' and note('HGET', status .. id, 'state')
  return state == 'waiting' or state == 'scheduled'
end

local function read_entry(entry)
  return string.match(entry or '', '^(%S+) (%S*) ?(%S*)$')
end

local function still_holds(rule, id, before)
  if rule == 'finished' then return not has_ended(id) end
  if rule == 'started' then return is_pending(id) end
  if rule == 'debounce' then return is_pending(id) or not has_ended(before) end
  return (tonumber(rule) or 0) > now
end

-- The debounced task of a key: the one that nobody has taken yet, and the one before it, if that has not ended.
local function write_debounced(lock, id, before)
  if id == '' and before == '' then
    call('HDEL', unique, lock)
  else
    call('HSET', unique, lock, 'debounce ' .. id .. ' ' .. before)
  end
end

-- The envelope of a task as it is when somebody takes it. What its head tells is that of the one which stood there.
local function latest_of(id, envelope)
  local latest = note('HGET', status .. id, 'latest')
  if type(latest) ~= 'string' then return envelope end
  local BODY = ',"name":'
  local body, head = string.find(latest, BODY, 1, true), string.find(envelope, BODY, 1, true)
  return string.sub(envelope, 1, head - 1) .. string.sub(latest, body)
end

-- A worker holds it from now on.
local function lock_taken(id)
  local lock = lock_of(id)
  if not lock then return end
  local rule, holder = read_entry(call('HGET', unique, lock))
  if holder == id and rule == 'started' then call('HDEL', unique, lock) end
  if holder == id and rule == 'debounce' then write_debounced(lock, '', id) end
  note('HDEL', status .. id, 'latest')
end

-- What waited for another task to end is due when it was, which is over.
local function let_pass(id)
  local due = note('HGET', status .. id, 'due')
  note('HDEL', status .. id, 'after')
  if type(due) == 'string' and tonumber(due) <= now then
    call('ZADD', scheduled, 'XX', due, id)
    ring()
  end
end

-- A task may have ended that held this key, which was read before: its status may be gone by now.
local function lock_ended(id, lock, was_called_off)
  if not lock or not has_ended(id) then return end
  local rule, holder, before = read_entry(call('HGET', unique, lock))
  if rule == 'debounce' then
    if holder == id then
      write_debounced(lock, '', before)
    elseif before == id then
      write_debounced(lock, holder, '')
      if holder ~= '' then let_pass(holder) end
    end
  elseif holder == id and (was_called_off or rule == 'finished' or rule == 'started') then
    call('HDEL', unique, lock)
  end
end

-- Of tasks whose time has come, those that need not wait for another one to end. Whoever ends tells those that have to; they
-- look for themselves where nobody could tell them.
local function not_held_back(due)
  local passing = {}
  for _, id in ipairs(due) do
    local before = string.sub(id, -#LOCKED) == LOCKED and note('HGET', status .. id, 'after')
    if type(before) == 'string' and not has_ended(before) then
      call('ZADD', scheduled, now + LOOKS_AT_OTHER_MS, id)
    else
      passing[#passing + 1] = id
    end
  end
  return passing
end
`;
