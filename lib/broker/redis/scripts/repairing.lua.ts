import { toldAtOnce } from './watching.lua.js';

/**
 * What the steps of a repair have in common. Needs `envelopes` and `deadLetters`.
 *
 * ARGV begins with: 1 to mend, retention in ms of dead letters and of what has ended otherwise, 1 if every waiting task has a
 * status, how many workers are known to be missing in the list, their names. The step's own arguments begin at `first`.
 */
export const repairing = String.raw`${toldAtOnce}
local mends, dead_retention, ended_retention = ARGV[1] == '1', tonumber(ARGV[2]), ARGV[3]
local has_statuses = ARGV[4] == '1'
local first = 6 + ARGV[5]
local WORKERS_MAX = 1000
local TERMINAL = {completed = true, failed = true, cancelled = true}
if mends then work_at_maxmemory() end

local damages = {}
local MENDS_MAX, mended_count = 20, 0
local function found(kind, id, mend)
  local mended = mends and mend() ~= false
  if mended then mended_count = mended_count + 1 end
  local at = #damages
  damages[at + 1], damages[at + 2], damages[at + 3] = kind, id, mended and 1 or 0
end

-- A page with more damages than one call should mend comes again: what was mended is not found any more.
local function is_full()
  return mended_count >= MENDS_MAX
end

-- False where there is none; nil where somebody keeps something else under that key, which is not ours to judge.
local function state_of(id)
  local state = note('HGET', status .. id, 'state')
  if type(state) == 'table' then return nil end
  return state
end

-- Who holds the task, among the workers that have a lease and those that should have one.
local names
local function holder_of(id)
  if not names then
    names = call('ZRANGE', workers, 0, WORKERS_MAX - 1)
    for i = 6, first - 1 do names[#names + 1] = ARGV[i] end
  end
  for _, name in ipairs(names) do
    if call('HEXISTS', active .. name, id) == 1 then return name end
  end
end

local function attempts_of(envelope)
  local _, attempt = identify(envelope)
  return tonumber(attempt or 0)
end

-- Whether they differ in nothing but how often they were tried.
local function same_task(one, other)
  return identify(one) and identify(other) and reset(one) == reset(other)
end

-- Makes a status say where its task stands, and that this is not the end of it.
local function correct(id, envelope, state, due)
  local key = status .. id
  note('HSET', key, 'state', state)
  introduce_if_new(id, envelope)
  note('HDEL', key, 'finished', 'result', 'unrecorded', 'reason')
  if due then note('HSET', key, 'due', due) else note('HDEL', key, 'due') end
  local attempt = attempts_of(envelope)
  if attempt > 0 and note('HEXISTS', key, 'attempt') == 0 then note('HSET', key, 'attempt', attempt) end
  note('PERSIST', key)
end

-- In what state a task is that waits for its time.
local function scheduled_state(envelope)
  return attempts_of(envelope) > 0 and 'retrying' or 'scheduled'
end

local function end_failed(id, name, message)
  local key = status .. id
  if dead_retention == 0 then
    if is_followed then note('HSET', key, 'state', 'failed') end
    return note('DEL', key)
  end
  if name then
    -- A status names its attempt from the second one on.
    local attempt = note('HGET', key, 'attempt')
    attempt = type(attempt) == 'string' and tonumber(attempt) or note('HEXISTS', key, 'started')
    note_error(id, attempt + 1, '{"name":"' .. name .. '","message":"' .. message .. '"}')
  end
  note('HDEL', key, 'due')
  note('HSET', key, 'state', 'failed', 'finished', now_text)
  note('PEXPIREAT', key, end_of(dead_retention))
end

-- An id for one of two tasks that have the same, and its status. Nothing where the envelope has no head to write it into.
local function give_own_id(envelope, state, due)
  if not identify(envelope) then return nil end
  local id = fresh_id()
  local renamed = rename(envelope, id)
  correct(id, renamed, state, due)
  return id, renamed
end
`;
