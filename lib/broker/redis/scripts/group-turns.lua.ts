/**
 * The turns of groups. In its turn a group gets as many tasks as it has weight, then it stands at the end of the ring; what has no
 * group takes part as if it were one, of weight 1. Who runs as many as it may leaves the ring, and rests until one of them has ended, or
 * until its rate lets it go on. Needs `group-slots` and `rates`.
 */
export const groupTurns = String.raw`
-- When a group that rests is looked at in any case.
local REST_MS = 15000
-- Its weight, how many of its tasks may be held, 0 for any number, and its rate, if it has one.
local function settings_of(group)
  local weight, concurrency, max, per = string.match(call('HGET', groups .. ':limits', group) or '', '^(%d*) (%d*) (%d*) (%d*)$')
  local rate = tonumber(max) and {max = tonumber(max), perMs = tonumber(per)} or bounds and bounds.groupRate
  return tonumber(weight) or 1, tonumber(concurrency) or group_concurrency, rate or nil
end

local group_at_turn, group_had_turn
if has_groups then
  -- How many groups are woken in one call, and how many of the slots of each are looked at.
  local WAKE_PAGE, SLOTS_PAGE = 4, 10
  -- The queue itself, in the ring.
  local UNGROUPED = ''

  -- A slot of a task that nobody holds, which only a crash of Redis can leave behind, is free.
  local function check_slots(group)
    local names = call('ZRANGE', workers, 0, -1)
    for _, id in ipairs(call('SRANDMEMBER', slots_of(group), SLOTS_PAGE)) do
      local is_held = false
      for _, name in ipairs(names) do is_held = is_held or call('HEXISTS', active .. name, id) == 1 end
      if not is_held then free_slots({id}) end
    end
  end

  for _, lane in ipairs(call('ZRANGEBYSCORE', resting, '-inf', now, 'LIMIT', 0, WAKE_PAGE)) do
    local group = string.sub(lane, 7)
    check_slots(group)
    wake_group(group)
  end
  if call('EXISTS', queue) == 1 and not call('ZSCORE', groups, UNGROUPED) then
    call('ZADD', groups, last_turn(), UNGROUPED)
  end
  has_groups = call('EXISTS', groups) == 1
  -- One that rests for its rate is to go on in time.
  local wakes_at = tonumber(call('ZRANGE', resting, 0, 0, 'WITHSCORES')[2])
  if wakes_at then next_due = math.min(next_due or wakes_at, wakes_at) end

  local function starts_of(group)
    return groups .. ':starts:' .. group
  end

  local function let_rest(lane, look_at)
    call('ZREM', groups, lane)
    call('ZADD', resting, look_at, lane)
  end

  -- How many tasks are left to a group in the turn that it has. One that got only some of them is still the first of the ring.
  local function left_in_turn(lane, weight)
    if weight == 1 then return 1 end
    local left, of = string.match(call('HGET', meta, 'turn') or '', '^(%d+) (.*)$')
    return of == lane and tonumber(left) or weight
  end

  -- Whose turn it is: lane, list and group, how many tasks are left in this turn, and for how many there is a slot. Nothing if no
  -- group can have any.
  function group_at_turn()
    while effort < effort_max do
      local lane = call('ZRANGE', groups, 0, 0)[1]
      if not lane then return nil end
      local list = lane == UNGROUPED and queue or list_of(lane)
      if call('EXISTS', list) == 0 then
        call('ZREM', groups, lane)
      elseif lane == UNGROUPED then
        local is_alone = call('ZCARD', groups) == 1
        return {lane = lane, list = list, weight = 1, left = is_alone and math.huge or 1, free = math.huge}
      else
        local group = string.sub(lane, 7)
        local weight, concurrency, rate = settings_of(group)
        local left, free, look_at = left_in_turn(lane, weight), math.huge, nil
        if concurrency > 0 then free = concurrency - call('SCARD', slots_of(group)) end
        if rate and free > 0 then left, look_at = allowed_by(rate, starts_of(group), left) end
        if free > 0 and left > 0 then
          return {lane = lane, list = list, group = group, weight = weight, left = left, free = free, rate = rate}
        end
        local wakes_at = free > 0 and look_at or now + REST_MS
        next_due = math.min(next_due or wakes_at, wakes_at)
        let_rest(lane, wakes_at)
      end
      effort = effort + 1
    end
  end

  -- It got so many elements of its list, of which these entries, id and envelope of each, were claimed.
  function group_had_turn(at, count, entries)
    if at.group and at.free < math.huge then
      for row = 1, #entries, 2 do
        call('HSET', slots, entries[row], at.group)
        call('SADD', slots_of(at.group), entries[row])
      end
    end
    if at.rate then note_starts(at.rate, starts_of(at.group), #entries / 2) end
    local left = at.left - count
    local is_through, must_rest = call('EXISTS', at.list) == 0, #entries / 2 >= at.free
    if left > 0 and not is_through and not must_rest then
      if left < math.huge then call('HSET', meta, 'turn', left .. ' ' .. at.lane) end
      return
    end
    if at.weight > 1 then call('HDEL', meta, 'turn') end
    if is_through then
      call('ZREM', groups, at.lane)
    elseif must_rest then
      let_rest(at.lane, now + REST_MS)
    else
      call('ZADD', groups, last_turn(), at.lane)
    end
  end
end
`;
