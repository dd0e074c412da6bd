/** When a task was added. Needs `envelopes`. */
export const addedAt = String.raw`
-- When a task was added, in ms, as its status says, or its id. What nobody knows of is taken for the oldest.
local ULID_DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
local function time_of(id)
  local created = tonumber(note('HGET', status .. id, 'created'))
  if created then return created end
  -- Made by Redis: see fresh_id.
  local seconds, millis = string.match(id, '^(%d+)(%d%d%d)%d%d%d%-%d+$')
  if seconds then return seconds * 1000 + millis end
  if not string.find(id, '^[0-7]' .. string.rep('[%dA-HJKMNP-TV-Z]', 25) .. '$') then return 0 end
  local time = 0
  for at = 1, 10 do time = time * 32 + string.find(ULID_DIGITS, string.sub(id, at, at), 1, true) - 1 end
  return time
end

local function added_at(envelope)
  local id = identify(envelope)
  return id and time_of(id) or 0
end
`;
