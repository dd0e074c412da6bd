import { lanes } from './lanes.lua.js';
import { envelopes } from './envelopes.lua.js';
import { retrying } from './retrying.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Removes what is left of a queue that was let go of: of these keys those that belong to nothing that came since.
 *
 * ARGV: when it was let go of, in ms; then keys of that queue.
 * Returns: how many are gone. Safe to repeat.
 */
export const eraseRest = String.raw`${toldAtOnce}${envelopes}${lanes}
local moment, count = tonumber(ARGV[1]), 0
work_at_maxmemory()
local fixed = {}
for row = 1, #KEYS do fixed[KEYS[row]] = true end
for _, name in ipairs({':resting', ':slots', ':limits'}) do fixed[groups .. name] = true end
fixed[plain], fixed[${retrying}], fixed[workers .. ':info'] = true, true, true

local function rest_of(key, start)
  return string.sub(key, 1, #start) == start and string.sub(key, #start + 1) or nil
end

-- By the latest time that it tells.
local function is_new_status(key)
  local latest = -1
  for _, time in ipairs(note('HMGET', key, 'created', 'started', 'finished')) do
    latest = math.max(latest, tonumber(time) or -1)
  end
  return latest >= moment
end

local function belongs_to_new(key)
  if fixed[key] then return true end
  if rest_of(key, status) then return is_new_status(key) end
  local logged = rest_of(key, logs .. ':')
  if logged then return is_new_status(status .. logged) end
  local worker = rest_of(key, active) or rest_of(key, bell .. ':')
  if worker then return call('ZSCORE', workers, worker) end
  local schedule = rest_of(key, schedule_key)
  if schedule then return call('ZSCORE', schedules, schedule) end
  local turn, lane = rest_of(key, lane_key .. 'turn:'), rest_of(key, lane_key)
  if turn then return call('ZSCORE', turns, turn) end
  if lane then
    return call('ZSCORE', priorities, lane) or call('ZSCORE', groups, lane) or call('ZSCORE', resting, lane)
  end
  -- Of a group that has a place: whoever took it is there now.
  return rest_of(key, groups .. ':slots:') and call('EXISTS', groups .. ':slots') == 1
end

-- What was claimed of a plain list and is no task yet is not this queue's: processes that go on may have claimed it only now.
local claimed_start = string.gsub(queue, 'task_queue(:{[^}]*})$', 'task_plain%1:')
local function give_back(claimed, list)
  for _ = 1, call('LLEN', claimed) do
    if type(redis.pcall('LMOVE', claimed, list, 'LEFT', 'RIGHT')) ~= 'string' then return end
  end
end

for i = 2, #ARGV do
  local key = ARGV[i]
  if not belongs_to_new(key) then
    if rest_of(key, status) then
      note('DEL', key)
      count = count + 1
    else
      local list = rest_of(key, claimed_start)
      if list and call('TYPE', key).ok == 'list' then give_back(key, list) end
      count = count + call('UNLINK', key)
    end
  end
end
return count
`;
