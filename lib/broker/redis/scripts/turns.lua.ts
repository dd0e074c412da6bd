/**
 * Whose turn it is, of the queue itself and the lanes of higher and lower priorities.
 *
 * Without `aging` a higher priority is always first. With it each span of that length that a task has waited counts as much as one
 * priority more, so that every task has its turn some day; then the oldest task of each list is compared before every single one
 * that is taken. Of many priorities only the highest that have tasks take part, and the rest once these are through.
 */
export const turns = String.raw`
local LANES_MAX = 64
local line, named = {}, want > 0 and call('ZRANGE', priorities, 0, LANES_MAX - 1, 'WITHSCORES') or {}
local is_whole_line = #named < 2 * LANES_MAX
local queue_has_place = false
local function place_queue()
  if not queue_has_place then line[#line + 1] = {list = queue, priority = 0} end
  queue_has_place = true
end
for i = 1, #named, 2 do
  local lane, priority = named[i], -named[i + 1]
  if priority < 0 then place_queue() end
  line[#line + 1] = {list = list_of(lane), priority = priority, lane = lane}
end
if is_whole_line then place_queue() end

-- When a task was added, in ms, as its status says, or its id. Of what nobody knows of it is taken for the oldest.
local ULID_DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
local function added_at(envelope)
  local id = identify(envelope)
  if not id then return 0 end
  local created = tonumber(note('HGET', status .. id, 'created'))
  if created or not string.find(id, '^[0-7]' .. string.rep('[%dA-HJKMNP-TV-Z]', 25) .. '$') then return created or 0 end
  local time = 0
  for at = 1, 10 do time = time * 32 + string.find(ULID_DIGITS, string.sub(id, at, at), 1, true) - 1 end
  return time
end

local function look_at(entry)
  local oldest = call('LINDEX', entry.list, -1)
  entry.rank = oldest and added_at(oldest) - entry.priority * aging or math.huge
end

local ages = aging > 0 and #line > 1
local turn
local function whose_turn()
  turn = line[1]
  if not ages then return turn and turn.list, math.huge end
  for _, entry in ipairs(line) do
    if not entry.rank then look_at(entry) end
    if entry.rank < turn.rank then turn = entry end
  end
  return turn.rank < math.huge and turn.list, 1
end

-- A list that is empty leaves the line.
local function had_turn(is_through)
  if turn.lane then forget_if_empty(turn.lane) end
  turn.rank = nil
  if is_through and not ages then table.remove(line, 1) end
end
`;
