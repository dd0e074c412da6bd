import { cancelling } from './cancelling.lua.js';
import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { groupSlots } from './group-slots.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { noteEnded } from './recent.lua.js';
import { ringRoom } from './room.lua.js';
import { ticking } from './ticking.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Takes one worker whose lease has run out, and puts what it held back at the head of the queue.
 *
 * One of these tasks may be what killed it: one that had begun, which the status of a task says by being \`active\`. Attempt and
 * loss count for these. All others are put back as they came; but each of them has \`lost\` in its head from now on, if only as
 * 0: its next worker asks for the mark before it begins. So a killer of quick tasks, whose beginnings are not marked, can
 * hide once. A task that was lost as often as it may be is a suspect: a process runs one at a time, apart from all else, and if
 * it dies with it, that one becomes a dead letter. Where it was not alone any more, since it takes long, nobody can tell what
 * killed the worker: then the loss is not charged, a few times.
 *
 * ARGV: max lost (0: what was held may never run again, whether it had begun or not), retention in ms of dead letters and of what was cancelled.
 * Returns: {} if every lease is good. Else {worker, ids put back, ids buried, 1 if there is more to do}.
 *
 * Safe to repeat, and for several workers at once. The score 0 declares the worker dead before the first task moves:
 * from then on `exchange` and `beat` refuse it, so a page at a time is enough.
 */
export const recover = String.raw`${toldAtOnce}${envelopes}${lanes}${groupSlots}${deadLetters}${cancelling}${creating}${endings}${ticking}${locking}
local max_lost, dead_retention, cancelled_retention = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local PAGE, SPARED_MAX = 25, 2

work_at_maxmemory()
local worker = call('ZRANGEBYSCORE', workers, '-inf', now, 'LIMIT', 0, 1)[1]
if not worker then return {} end
call('ZADD', workers, 0, worker)

-- Who died with a task, all in all.
local function killed_by(id)
  local known = note('HGET', status .. id, 'lost_with')
  local names = type(known) == 'string' and known .. ', ' .. worker or worker
  note('HSET', status .. id, 'lost_with', names)
  return names
end

local function failure(name, message)
  return '{"name":"' .. name .. '","message":' .. cjson.encode(message) .. '}'
end

-- Whether the loss of a suspect may be another one's fault.
local function is_spared(id, envelope)
  if max_lost == 0 or not is_suspect(envelope, max_lost) then return false end
  if note('HGET', status .. id, 'company') ~= 'not alone' then return false end
  local spared = note('HINCRBY', status .. id, 'spared', 1)
  return type(spared) == 'number' and spared <= SPARED_MAX
end

-- Newest first: the oldest then stands at the very head of the queue. To sort all that is held would take long, for every page.
local held = active .. worker
local ids = call('HKEYS', held)
local page = {}
for _, id in ipairs(ids) do
  if #page < PAGE or id > page[PAGE] then
    page[PAGE] = nil
    local place = #page + 1
    while place > 1 and id > page[place - 1] do place = place - 1 end
    table.insert(page, place, id)
  end
end
local returned, buried = {}, {}
for _, id in ipairs(page) do
  local state, lock = note('HGET', status .. id, 'state'), lock_of(id)
  -- Where somebody keeps something else under its status key it cannot be marked, and counts as well.
  local had_begun = state == 'active' or type(state) == 'table'
  local begun, before = had_begun and 1 or 0, call('HGET', held, id)
  local charge = had_begun and not is_spared(id, before) and 1 or 0
  local envelope, lost, attempt = count(before, begun, charge, 0)
  local reason = take_cancel(id)
  introduce_if_new(id, envelope)
  if not had_begun and not reason then unclaim(id, envelope, 'waiting') end
  if reason then
    end_cancelled(id, reason, cancelled_retention)
${noteEnded('{id}')}  elseif max_lost == 0 or lost > max_lost then
    local why = failure('lost too often', 'Lost ' .. lost .. ' times: these workers died with it: ' .. killed_by(id))
    if max_lost == 0 then why = failure('lost', 'Worker ' .. worker .. ' died with it') end
    bury(id, envelope, attempt + 1 - begun, why, dead_retention)
    buried[#buried + 1] = id
  else
    come_back(envelope, max_lost, true)
    if had_begun then
      note_error(id, attempt, failure('lost', 'Worker ' .. worker .. ' died with it'))
      killed_by(id)
      note('HSET', status .. id, 'state', 'waiting', 'attempt', attempt)
    end
    returned[#returned + 1] = id
  end
  call('HDEL', held, id)
  free_slots({id})
  tick_ended(id)
  lock_ended(id, lock)
end
if #buried > 0 then trim_dead(dead_retention) end
-- What it held counted for the bounds of the queue and of its groups.
if #returned > 0 or (#page > 0 and is_anything_waiting()) then
  ring()${ringRoom}end
if #ids == #page then
  call('ZREM', workers, worker)
  call('HDEL', workers .. ':info', worker)
end
return {worker, returned, buried, call('ZCOUNT', workers, '-inf', now) > 0 and 1 or 0}
`;
