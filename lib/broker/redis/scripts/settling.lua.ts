import { retrying } from './retrying.lua.js';
import { LOG_ONLY } from '../../log-line.js';
import { logging } from './logging.lua.js';

/** The first part of `exchange`: what became of the tasks that the worker held. Its outcomes are described there. */
export const settling = String.raw`
local refused, finished, malformed, dropped, dropped_logs, called_off = {}, {}, {}, {}, {}, nil
local has_logged = false
local has_cancels = ARGV[OUTCOMES_FROM] and call('EXISTS', cancel) == 1

-- Read only where it is needed: Lua hashes every byte of every text that it is given.
local function envelope_of(id)
  return call('HGET', held, id)
end

-- Writes that a run began. Where the state is new, too, somebody pushed a whole envelope, and it has no status yet.
local function begin(id, attempt, start)
  local fresh
  if attempt == 1 then
    fresh = note('HSET', status .. id, 'state', 'active', 'started', start) == 2
  else
    fresh = note('HSET', status .. id, 'state', 'active', 'started', start, 'attempt', attempt) == 3
  end
  if fresh then introduce(id, envelope_of(id)) end
end

-- A function costs each call of a script, also one that does not use it.
if ARGV[OUTCOMES_FROM] then
  -- When a run began that took so long, as the outcome's argument says.
  local function start_of(ran)
    return end_of(-ran)
  end

  local function complete(id, field, text, retention, ran, name)
    local key = status .. id
    finished[#finished + 1] = id
    if retention == '0' or retention == '${LOG_ONLY}' then
      dropped[#dropped + 1] = key
      if may_have_logs and retention == '0' then dropped_logs[#dropped_logs + 1] = logs .. ':' .. id end
      return
    end
    local fresh = false
    if name ~= '' then
      if text == '' then
        note('HSET', key, 'state', 'completed', 'name', name, 'finished', now_text)
      else
        note('HSET', key, 'state', 'completed', 'name', name, 'finished', now_text, field, text)
      end
    elseif text == '' then
      fresh = note('HSET', key, 'state', 'completed', 'finished', now_text) == 2
    else
      fresh = note('HSET', key, 'state', 'completed', 'finished', now_text, field, text) == 3
    end
    -- A run of less than a millisecond began when it ended: to write that down would take a tenth of the time of all this.
    if ran ~= '0' then note('HSET', key, 'started', start_of(ran)) end
    if fresh then introduce(id, envelope_of(id)) end
    note('PEXPIREAT', key, end_of(retention))
  end

  local settle = {
    began = function(id, _, company, ran)
      local _, attempt = identify(envelope_of(id))
      begin(id, attempt + 1, start_of(ran))
      if company ~= '' then note('HSET', status .. id, 'company', company) end
    end,
    progress = function(id, _, text)
      note('HSET', status .. id, 'progress', text)
    end,
    completed = function(id, retention, text, ran, name)
      complete(id, 'result', text, retention, ran, name)
    end,
    unrecorded = function(id, retention, text, ran, name)
      complete(id, 'unrecorded', text, retention, ran, name)
    end,
    failed = function(id, retention, text, ran)
      local envelope, _, attempt = count(envelope_of(id), 1, nil, 0)
      note('HSET', status .. id, 'started', start_of(ran))
      bury(id, envelope, attempt, text, tonumber(retention))
      finished[#finished + 1] = id
    end,
    retrying = function(id, delay, text, ran)
      local envelope, _, attempt = count(envelope_of(id), 1, nil, 0, now - ran)
      id = schedule(id, envelope, end_of(delay))
      call('SADD', ${retrying}, id)
      note('HSET', status .. id, 'state', 'retrying', 'started', start_of(ran))
      note_error(id, attempt, text)
    end,
    snoozed = function(id, delay)
      local envelope = put_off_envelope(envelope_of(id))
      unclaim(schedule(id, envelope, end_of(delay)), envelope, 'scheduled')
    end,
    cancelled = function(id, retention, reason)
      end_cancelled(id, reason, retention)
      finished[#finished + 1] = id
    end,
    expired = function(id, retention)
      unclaim(id, envelope_of(id), 'cancelled')
      end_cancelled(id, 'expired', retention)
      finished[#finished + 1] = id
    end,
    released = function(id, began)
      local envelope = envelope_of(id)
      if began ~= '0' then envelope = put_off_envelope(envelope) end
      come_back(envelope, max_lost, true)
      unclaim(id, envelope, 'waiting')
      ring()
    end,
    deferred = function(id, delay)
      local envelope = envelope_of(id)
      unclaim(schedule(id, (count(envelope, 0, nil, 1)), end_of(delay)), envelope, 'scheduled')
    end,
  }

  has_slots = call('EXISTS', slots) == 1
  local group = OUTCOMES_FROM
  while ARGV[group] do
    local kind, number, ran, name, count = ARGV[group], ARGV[group + 1], ARGV[group + 2], ARGV[group + 3], tonumber(ARGV[group + 4])
    if kind == 'logged' then${logging}else
    local goes_on = kind == 'began' or kind == 'progress'
    local completes = kind == 'completed' or kind == 'unrecorded' -- sees to it with less work
    if kind == 'limited' then
      kind, longest_wait = 'released', math.max(longest_wait, tonumber(number))
    end
    local ids, mine = {}, {}
    for row = 1, count do ids[row] = ARGV[group + 3 + 2 * row] end
    for row, id in ipairs(ids) do
      if call('HEXISTS', held, id) == 1 then
        if has_slots then mine[#mine + 1] = id end
        -- Whoever called it off was told that it ends so: however the run went, this is what counts.
        local reason = has_cancels and not goes_on and take_cancel(id)
        if reason or not (goes_on or completes) then introduce_if_new(id, envelope_of(id)) end
        if reason then
          settle.cancelled(id, cancelled_retention, reason)
          called_off = called_off or {}
          called_off[#called_off + 1] = id
        else
          settle[kind](id, number, ARGV[group + 4 + 2 * row], ran, name)
        end
      elseif not goes_on then
        refused[#refused + 1] = id
      end
    end
    if not goes_on then
      call('HDEL', held, unpack(ids))
      free_slots(mine)
    end
    if #dropped > 0 then
      note('DEL', unpack(dropped))
      if #dropped_logs > 0 then note('UNLINK', unpack(dropped_logs)) end
      dropped, dropped_logs = {}, {}
    end
    group = group + 5 + 2 * count
    end
  end
end
`;
