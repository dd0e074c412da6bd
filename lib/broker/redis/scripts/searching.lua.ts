/**
 * How a task is found that waits in a list, which cannot be searched by id: in pages, from where tasks are added. What is added meanwhile
 * moves the rest further along, so it may be looked at again, but is never missed. Needs `lanes`.
 */
export const searching = String.raw`
-- Bounds of one page, and of what is read at once within it: nobody knows how large the next ones are.
local SEARCHED_MAX, SEARCHED_BYTES, SEARCH_STEP = 200, 262144, 32

-- Returns the place and the envelope of the task if it stands in this page. Else nothing, nothing, and how many places have been passed
-- now, or nothing at the end of the list.
local function search(list, id, passed)
  local first, bytes = passed, 0
  while passed - first < SEARCHED_MAX and bytes < SEARCHED_BYTES do
    local step = bytes == 0 and 1 or math.floor(SEARCHED_BYTES * (passed - first) / bytes)
    step = math.max(1, math.min(step, SEARCH_STEP, first + SEARCHED_MAX - passed))
    local items = call('LRANGE', list, passed, passed + step - 1)
    for row, item in ipairs(items) do
      if identify(item) == id then return passed + row - 1, item end
      bytes = bytes + #item
    end
    if #items < step then return nil, nil, nil end
    passed = passed + step
  end
  return nil, nil, passed
end

-- The lists in which a task may wait, by the names that lanes have; '' is the queue itself. Without a status nobody can tell.
local function places_of(id)
  local priority, group, name = unpack(note('HMGET', status .. id, 'priority', 'group', 'name'))
  if type(name) ~= 'string' then return nil end
  local lane = lane_of(tonumber(priority or 0), group)
  return {lane or '', 'turn:' .. name, 'suspects'}
end

local function list_at(place)
  if place == 'suspects' then return suspects end
  return list_of(place ~= '' and place)
end

-- A list that is not there any more needs no worker to find that out.
local function forget_if_empty(place)
  if call('EXISTS', list_at(place)) == 1 then return end
  for _, lanes_by_turn in ipairs({priorities, groups, resting}) do call('ZREM', lanes_by_turn, place) end
  local name = string.match(place, '^turn:(.+)$')
  if name then call('ZREM', turns, name) end
end
`;
