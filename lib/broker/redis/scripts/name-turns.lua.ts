/**
 * Rates of task names, for `exchange`. A task that is over the rate of its name makes room for those behind it: it goes on waiting in
 * a lane of its name's own, from which tasks are taken when they may start. One that has a group stays where it is, and its group
 * rests. Needs `rates`.
 */
export const nameTurns = String.raw`
local TURNS_PAGE = 16
local name_rates = bounds and bounds.names

local known_turns, turn_of, waits_for_turn = {}, nil, nil
if name_rates then
  -- What this call knows of a name: how many of its tasks may still start, how many did, and when the next one may.
  function turn_of(name)
    local turn = known_turns[name]
    if not turn then
      turn = {started = 0, room = 0}
      -- Nobody overtakes those that wait.
      turn.next_at = has_turns ~= false and tonumber(call('ZSCORE', turns, name)) or nil
      turn.is_listed = turn.next_at ~= nil
      if not turn.is_listed then
        turn.room, turn.next_at = allowed_by(name_rates[name], starts .. ':' .. name, want)
      end
      known_turns[name] = turn
    end
    return turn
  end

  -- Whether this task, which a worker has come to, must wait for its turn: from now on it does.
  function waits_for_turn(envelope)
    local name = name_of(envelope)
    if not name or not name_rates[name] then return false end
    local turn = turn_of(name)
    if turn.room > 0 then
      turn.room, turn.started = turn.room - 1, turn.started + 1
      return false
    end
    if not turn.is_listed then
      call('ZADD', turns, turn.next_at or now + name_rates[name].perMs, name)
      has_turns, turn.is_listed = true, true
    end
    call('LPUSH', lane_key .. 'turn:' .. name, envelope)
    return true
  end
end
`;

/** Takes those whose turn it is: they came before what waits in the queue. Needs `claiming` up to there. */
export const takingTurns = String.raw`
local group_waits_for_turn
if name_rates then
  -- Whether the next task of this group must wait for the turn of its name. Then the group rests, for its tasks keep their order.
  function group_waits_for_turn(at)
    local oldest = at.group and call('LINDEX', at.list, -1)
    local name = oldest and name_of(oldest)
    if not name or not name_rates[name] or turn_of(name).room > 0 then return false end
    local next_at = turn_of(name).next_at or now + name_rates[name].perMs
    next_due = math.min(next_due or next_at, next_at)
    call('ZREM', groups, at.lane)
    call('ZADD', resting, math.min(next_at, now + REST_MS), at.lane)
    return true
  end
end

if may_wait and has_turns == nil then has_turns = call('EXISTS', turns) == 1 end
local due_turns = want > 0 and has_turns and call('ZRANGEBYSCORE', turns, '-inf', now_text, 'LIMIT', 0, TURNS_PAGE) or {}
for _, name in ipairs(due_turns) do
  local list, times, rate = lane_key .. 'turn:' .. name, starts .. ':' .. name, name_rates and name_rates[name]
  local room, next_at, before = want - popped + dropped, nil, #claimed
  -- Where this worker knows no rate the name has none (any more).
  if rate then room, next_at = allowed_by(rate, times, room) end
  local goal = popped - dropped + room
  while popped - dropped < goal and effort < effort_max and bytes < want_bytes do
    if take_page(list, goal - popped + dropped, true) == 0 then break end
  end
  local started = #claimed - before
  if rate then note_starts(rate, times, started) end
  if call('EXISTS', list) == 0 then
    call('ZREM', turns, name)
  elseif next_at and started == room then
    call('ZADD', turns, next_at, name)
  end
end
`;
