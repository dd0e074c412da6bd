import { nameTurns, takingTurns } from './name-turns.lua.js';
import { turns } from './turns.lua.js';

/** The last part of `exchange`: takes tasks for the free slots of the worker, as far as limits allow. */
export const claiming = String.raw`
local POP_PAGE_MAX = 32
-- How much one call may do here, in claims that do not write a status. Whoever wants more learns that more is waiting.
local EFFORT_MAX, MARKED, DROPPED, FOREIGN, PROMOTED, LOCKING = 100, 2, 2, 4, 4, 3

-- What is no task is buried with its bytes kept; nothing that stood in the queue is dropped.
local function bury_malformed(item)
  local id = fresh_id()
  note('HSET', status .. id, 'created', now_text)
  bury(id, item, 0, '{"name":"malformed","message":"The element is no JSON object with a name"}', dead_retention)
  malformed[#malformed + 1] = id
end

local claimed, popped, dropped, bytes, page = {}, 0, 0, 0, 1
-- What was claimed of the latest page: id and envelope of each.
local latest_entries = {}
local effort, effort_max = 0, EFFORT_MAX - PROMOTED * #due
${nameTurns}
local function claim(ids, envelopes, attempts, waits)
  local taken, entries = call('HMGET', held, unpack(ids)), {}
  local seen = {}
  for row, id in ipairs(ids) do
    -- The same id twice, which only a foreign producer can bring about: the newcomer gets an id of its own.
    if taken[row] or seen[id] then
      id = fresh_id()
      envelopes[row] = rename(envelopes[row], id)
    end
    seen[id] = true
    entries[2 * row - 1], entries[2 * row] = id, envelopes[row]
    claimed[#claimed + 1] = envelopes[row]
  end
  call('HSET', held, unpack(entries))
  latest_entries = entries
  for row, attempt in ipairs(attempts) do
    local id = entries[2 * row - 1]
    if marks and not waits[row] then
      begin(id, attempt + 1, now_text)
    elseif attempt ~= '0' then
      -- In any case: a status without an attempt is one of the first.
      note('HSET', status .. id, 'attempt', attempt + 1)
    end
  end
end

-- Takes those of them that are tasks, and that need not wait for their turn.
local function take(items, is_their_turn)
  local ids, envelopes, attempts, waits, locked = {}, {}, {}, {}, {}
  if has_cancels == nil then has_cancels = call('EXISTS', cancel) == 1 end
  for _, item in ipairs(items) do
    bytes = bytes + #item
    local id, attempt, was_lost, is_special = identify(item)
    local envelope = item
    local cost = (marks or attempt ~= '0') and MARKED or 1
    if not id and item ~= MOVED then
      id, envelope, attempt = adopt(item)
      cost = FOREIGN
    end
    if item == MOVED then
      dropped = dropped + 1
    elseif not id then
      bury_malformed(item)
    elseif has_cancels and take_cancel(id) then
      expire_cancelled(id, cancelled_retention)
      dropped = dropped + 1
      cost = DROPPED
    elseif name_rates and not is_their_turn and waits_for_turn(envelope) then
      dropped = dropped + 1
      cost = DROPPED
    else
      -- What a dead worker held waits for its mark, which the worker asks for when it begins.
      local row = #ids + 1
      if is_special and lock_of(id) then
        envelope = latest_of(id, envelope)
        locked[#locked + 1] = id
        bytes, cost = bytes + #envelope - #item, cost + LOCKING
      end
      ids[row], envelopes[row], attempts[row], waits[row] = id, envelope, attempt, was_lost
    end
    effort = effort + cost
  end
  if #ids > 0 then claim(ids, envelopes, attempts, waits) end
  for _, id in ipairs(locked) do lock_taken(id) end
end

-- Takes tasks from the right end of a list. Returns how many elements it has taken, and whether there were no more.
-- They leave the list once they are held: a crash that tears Redis's append-only file within this script may leave a part of it
-- to be carried out later (seen with Redis 7.0.15), and a task that is there twice is better than one that is nowhere.
-- In growing pages: those before tell how large the items are.
local function take_page(list, most, is_their_turn)
  local count = math.min(most, page)
  local from_left, items = call('LRANGE', list, -count, -1), {}
  for row = #from_left, 1, -1 do items[#items + 1] = from_left[row] end
  latest_entries = {}
  if #items > 0 then
    popped = popped + #items
    take(items, is_their_turn)
    call('LTRIM', list, 0, -count - 1)
    local fitting = math.floor(math.min((want_bytes - bytes) / bytes, (effort_max - effort) / effort) * popped)
    page = math.max(1, math.min(page * 8, POP_PAGE_MAX, fitting))
  end
  return #items, #items < count
end

${turns}
if probes and want > 0 then
  local suspect = call('LINDEX', suspects, -1)
  local name = suspect and name_rates and name_of(suspect)
  local rate, room, next_at = name and name_rates[name], 1, nil
  if rate then room, next_at = allowed_by(rate, starts .. ':' .. name, 1) end
  -- It takes a slot of its group, if that is bounded.
  local _, group, concurrency
  if suspect then _, group = place_of(suspect) end
  if group then _, concurrency = settings_of(group) end
  local is_bounded = group and concurrency > 0
  if is_bounded and call('SCARD', slots_of(group)) >= concurrency then
    -- Its turn comes when one of them has ended.
  elseif suspect and room == 0 then
    next_due = math.min(next_due or next_at, next_at)
  elseif suspect then
    popped = 1
    take({suspect}, true)
    call('RPOP', suspects)
    if is_bounded and #latest_entries > 0 then
      call('HSET', slots, latest_entries[1], group)
      call('SADD', slots_of(group), latest_entries[1])
    end
    if call('EXISTS', suspects) == 1 then ring() end
    if rate then note_starts(rate, starts .. ':' .. name, #claimed) end
  end
end

${takingTurns}
local is_empty = false
while popped - dropped < want and effort < effort_max and bytes < want_bytes do
  local list, at_most = whose_turn()
  if not list then
    is_empty = is_whole_line and effort < effort_max
    break
  end
  if name_rates and turn.group and group_waits_for_turn(turn.group) then
    turn.rank, turn.group = nil, nil
    effort = effort + 1
  else
    -- Whether the next one may start is to be seen for each task of a group.
    if name_rates and turn.group and turn.group.group then at_most = 1 end
    local count, is_through = take_page(list, math.min(want - popped + dropped, at_most))
    had_turn(count, latest_entries, is_through)
  end
end
for name, turn in pairs(known_turns) do note_starts(name_rates[name], starts .. ':' .. name, turn.started) end
if bounds and bounds.rate then note_starts(bounds.rate, starts, #claimed) end
`;
