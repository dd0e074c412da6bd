/** What scripts know of envelopes: how to read and rewrite the head, and how to adopt what others pushed. */
export const envelopes = String.raw`
-- Well-formed UTF-8, by the table of RFC 3629: other bytes would come back from a worker as others.
local MAX_ID = 256
local UTF8 = {
  '[%z\1-\127]+',
  '[\194-\223][\128-\191]',
  '\224[\160-\191][\128-\191]', '[\225-\236\238\239][\128-\191][\128-\191]', '\237[\128-\159][\128-\191]',
  '\240[\144-\191][\128-\191][\128-\191]', '[\241-\243][\128-\191][\128-\191][\128-\191]',
  '\244[\128-\143][\128-\191][\128-\191]',
}
local function is_text(text, most)
  if #text > most then return false end
  for _, sequence in ipairs(UTF8) do
    if not string.find(text, '[\128-\255]') then return true end
    text = string.gsub(text, sequence, ' ')
  end
  return not string.find(text, '[\128-\255]')
end

-- Returns the id of an envelope, its attempts so far, whether a worker died that held it, and true unless it is one of the plain
-- ones that nearly all are; or nil if it does not begin as ours do.
-- Nothing inside a JSON string can look like the end of the id: there every quote has a backslash before it.
local function identify(envelope)
  -- Nearly all have a ULID and were never tried: a match that never goes back takes a fraction of the time.
  local plain = string.match(envelope, '^{"id":"(%w+)","attempt":0,"name"')
  if plain and #plain <= 256 then return plain, '0', false end

  local raw, attempt, rest = string.match(envelope, '^{"id":"(.-)","attempt":(%d+)()')
  if not raw or not string.find(envelope, '^[,}]', rest) then return nil end
  if string.find(raw, '[%z\1-\31]') then return nil end
  local id = raw
  if string.find(raw, '[\\"]') then
    local unescaped = string.gsub(raw, '\\.', '')
    if string.find(unescaped, '"') then return nil end
    local ok, decoded = pcall(cjson.decode, '["' .. raw .. '"]')
    if not ok then return nil end
    id = decoded[1]
  end
  if id ~= '' and is_text(id, MAX_ID) then return id, attempt, string.find(envelope, '^,"lost":%d', rest) ~= nil, true end
end

-- Adds to the counters in the head, and enters when the first attempt began where that is given and not known yet. "lost"
-- is there once somebody has counted losses, even if there were none.
-- Returns the new envelope, how often it was lost, and its attempts.
local function count(envelope, attempts, losses, misses, start_of_first)
  local start, attempt, rest = string.match(envelope, '^({"id":".-","attempt":)(%d+)()')
  local function counter(name)
    local found, after = string.match(envelope, '^,"' .. name .. '":(%d+)()', rest)
    if found then rest = after end
    return tonumber(found)
  end
  local lost = counter('lost')
  if losses then lost = (lost or 0) + losses end
  local missed = (counter('missed') or 0) + misses
  local first = counter('first') or start_of_first
  attempt = attempt + attempts
  local head = start .. attempt
  if lost then head = head .. ',"lost":' .. lost end
  if missed > 0 then head = head .. ',"missed":' .. missed end
  if first then head = head .. ',"first":' .. string.format('%.0f', first) end
  return head .. string.sub(envelope, rest), lost, attempt
end

-- The envelope of a task that was put off, once its first run had begun. When it expires, which stands at the very end, matters until
-- then; and from then on its id does not tell any more since when it waits, which is what "delayed" says.
local function put_off_envelope(envelope)
  local expiry = string.match(string.sub(envelope, -40), '(,"expiresAt":%d+})$')
  if expiry then envelope = string.sub(envelope, 1, -#expiry - 1) .. '}' end
  if string.sub(envelope, -1) ~= '}' or string.sub(envelope, -16) == ',"delayed":true}' then return envelope end
  return string.sub(envelope, 1, -2) .. ',"delayed":true}'
end

-- The name of a task, or nil. Up to the first bracket or backslash there is nothing within which it could only seem to stand.
local function name_of(envelope)
  local name = string.match(envelope, '^{"id":"[^"\\]+","attempt":%d+[^{}%[%]\\]-,"name":"([^"\\]+)"')
  if name then return name end
  local ok, task = pcall(cjson.decode, envelope)
  name = ok and type(task) == 'table' and task.name
  return type(name) == 'string' and name or nil
end

-- A task that was lost so often must be taken one at a time.
local function is_suspect(envelope, max_lost)
  local lost = string.match(envelope, '^{"id":".-","attempt":%d+,"lost":(%d+)')
  return lost ~= nil and tonumber(lost) >= max_lost
end

-- Where that part of the head ends that tells how often a task was tried.
local function end_of_counters(envelope)
  local rest = string.match(envelope, '^{"id":".-","attempt":%d+()')
  for _, name in ipairs({'lost', 'missed', 'first'}) do
    rest = string.match(envelope, '^,"' .. name .. '":%d+()', rest) or rest
  end
  return rest
end

-- The priority of a task, 0 for none, or its group. They stand behind the counters, one of the two at most. What no producer of
-- ours writes counts for nothing.
local PRIORITY_MAX = 1000
local function place_of(envelope)
  if string.find(envelope, '^{"id":"%w+","attempt":%d+,"name"') then return 0 end
  local counted = end_of_counters(envelope)
  local priority = tonumber(string.match(envelope, '^,"priority":(%-?%d+)[,}]', counted))
  if priority then return math.abs(priority) <= PRIORITY_MAX and priority or 0 end
  local group = string.match(envelope, '^,"group":"([^"\\]+)"[,}]', counted)
  return 0, group and #group <= 256 and group or nil
end

-- A status says which priority or group its task has, if it has one.
local function note_place(id, envelope)
  local priority, group = place_of(envelope)
  if priority ~= 0 then note('HSET', status .. id, 'priority', priority) end
  if group then note('HSET', status .. id, 'group', group) end
end

-- The envelope as if it had never been tried.
local function reset(envelope)
  local id = string.match(envelope, '^{"id":(".-"),"attempt"')
  return '{"id":' .. id .. ',"attempt":0' .. put_off_envelope(string.sub(envelope, end_of_counters(envelope)))
end

-- An id for what has none, or one that is taken: the time in microseconds, and a number within this script.
local fresh_ids = 0
local function fresh_id()
  local id
  repeat
    fresh_ids = fresh_ids + 1
    id = string.format('%d%06d-%d', clock[1], clock[2], fresh_ids)
  until call('EXISTS', status .. id) == 0
  return id
end

-- Gives an envelope another id.
local function rename(envelope, id)
  local attempt, rest = string.match(envelope, '^{"id":".-","attempt":(%d+)()')
  return '{"id":"' .. id .. '","attempt":' .. attempt .. string.sub(envelope, rest)
end

-- The claim did not become an attempt that counts.
local function unclaim(id, envelope, state)
  local _, attempt = identify(envelope)
  note('HDEL', status .. id, 'started', 'attempt')
  if attempt == '0' then
    note('HSET', status .. id, 'state', state)
  else
    note('HSET', status .. id, 'state', state, 'attempt', attempt)
  end
end

-- Writes what a status needs beside its state, for a task that did not come through enqueue.
local function introduce(id, envelope)
  note('HSET', status .. id, 'name', name_of(envelope) or '', 'created', now_text)
  note_place(id, envelope)
end

-- The same for what may have come as a whole envelope, and may not have been marked as active.
local function introduce_if_new(id, envelope)
  if note('HEXISTS', status .. id, 'name') == 0 then introduce(id, envelope) end
end

-- Makes an envelope of a JSON object with a name that somebody else pushed; its bytes stay as they are behind the
-- head. Returns id, envelope and attempts so far, or nil for anything else.
local function adopt(item)
  local ok, task = pcall(cjson.decode, item)
  if not ok or type(task) ~= 'table' or type(task.name) ~= 'string' or task.name == '' then return nil end
  local id = task.id
  if type(id) == 'number' and id % 1 == 0 and math.abs(id) < 2 ^ 53 then id = string.format('%.0f', id) end
  if type(id) ~= 'string' or id == '' or not is_text(id, MAX_ID) or note('HSETNX', status .. id, 'state', 'waiting') ~= 1 then
    id = fresh_id()
    note('HSET', status .. id, 'state', 'waiting')
  end
  introduce(id, item)
  local attempt = task.attempt
  if type(attempt) ~= 'number' or attempt < 0 or attempt > 1e6 or attempt % 1 ~= 0 then attempt = 0 end
  local body = string.match(item, '^%s*{(.*)$')
  -- The member between keeps what follows from being read as a part of the head.
  return id, '{"id":' .. cjson.encode(id) .. ',"attempt":' .. attempt .. ',"adopted":true,' .. body, tostring(attempt)
end
`;
