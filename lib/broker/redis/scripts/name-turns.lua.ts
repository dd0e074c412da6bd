/**
 * Rates of task names, for `exchange`. A task that is over the rate of its name makes room for those behind it: it goes on waiting in
 * a lane of its name's own, from which tasks are taken when they may start. One that has a group stays where it is, and its group
 * rests. Two parts: what taking a task needs, and what needs that. Needs `rates`.
 */
export const nameTurns = String.raw`
local TURNS_PAGE = 16
local name_rates = bounds.names

-- What this call knows of a name: how many of its tasks may still start, how many did, and when the next one may.
local known_turns = {}
local function turn_of(name)
  local turn = known_turns[name]
  if not turn then
    turn = {started = 0}
    -- Nobody overtakes those that wait.
    turn.next_at = has_turns ~= false and tonumber(call('ZSCORE', turns, name)) or nil
    turn.is_listed = turn.next_at ~= nil
    turn.room = 0
    if not turn.is_listed then
      turn.room, turn.next_at = allowed_by(name_rates[name], starts .. ':' .. name, want)
    end
    known_turns[name] = turn
  end
  return turn
end

-- Whether this task, which a worker has come to, must wait for its turn: from now on it does.
local function waits_for_turn(envelope)
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
  call('LPUSH', turn_list(name), envelope)
  return true
end

`;

export const takingTurns = String.raw`
local function note_turns()
  for name, turn in pairs(known_turns) do note_starts(name_rates[name], starts .. ':' .. name, turn.started) end
end

-- Calls "start" for a task that must be taken now or not at all, unless the rate of its name is against it.
local function unless_over(envelope, start)
  local name = name_rates and name_of(envelope)
  local rate = name and name_rates[name]
  if not rate then return start() end
  local room, next_at = allowed_by(rate, starts .. ':' .. name, 1)
  if room == 0 then
    next_due = math.min(next_due or next_at, next_at)
  else
    local before = #claimed
    start()
    note_starts(rate, starts .. ':' .. name, #claimed - before)
  end
end

-- Whether the next task of this group must wait for the turn of its name. Then the group rests, for its tasks keep their order.
local function group_waits_for_turn(at)
  local oldest = at.group and call('LINDEX', at.list, -1)
  local name = oldest and name_of(oldest)
  if not name or not name_rates[name] or turn_of(name).room > 0 then return false end
  local next_at = turn_of(name).next_at or now + name_rates[name].perMs
  next_due = math.min(next_due or next_at, next_at)
  call('ZREM', groups, at.lane)
  call('ZADD', resting, math.min(next_at, now + REST_MS), at.lane)
  return true
end

-- Takes those whose turn it is: they came before what waits in the queue.
local function take_turns()
  if has_turns == nil then has_turns = call('EXISTS', turns) == 1 end
  if not has_turns then return end
  for _, name in ipairs(call('ZRANGEBYSCORE', turns, '-inf', now_text, 'LIMIT', 0, TURNS_PAGE)) do
    local list, times, rate = turn_list(name), starts .. ':' .. name, name_rates and name_rates[name]
    local room, next_at, before = want - popped + dropped, nil, #claimed
    -- Where this worker knows no rate the name has none (any more).
    if rate then room, next_at = allowed_by(rate, times, room) end
    local goal = popped - dropped + room
    while can_take() and popped - dropped < goal and take_page(list, goal - popped + dropped, true) > 0 do end
    local started = #claimed - before
    if rate then note_starts(rate, times, started) end
    if call('EXISTS', list) == 0 then
      call('ZREM', turns, name)
    elseif next_at and started == room then
      call('ZADD', turns, next_at, name)
    end
  end
end
`;
