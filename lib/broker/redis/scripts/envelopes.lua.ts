/** What scripts know of envelopes: how to read and rewrite the head, and how to adopt what others pushed. */
export const envelopes = String.raw`
-- Returns the id of an envelope and its attempts so far, or nil if it does not begin as ours do.
-- Nothing inside a JSON string can look like the end of the id: there every quote has a backslash before it.
local function identify(envelope)
  local raw, attempt, rest = string.match(envelope, '^{"id":"(.-)","attempt":(%d+)()')
  if not raw or not string.find(envelope, '^[,}]', rest) then return nil end
  if not string.find(raw, '[\\"]') then return raw, attempt end
  local unescaped = string.gsub(raw, '\\.', '')
  if string.find(unescaped, '"') then return nil end
  local ok, decoded = pcall(cjson.decode, '["' .. raw .. '"]')
  if ok then return decoded[1], attempt end
end

-- Adds to the counters in the head. Returns the new envelope and how often it was lost.
local function count(envelope, attempts, losses, misses)
  local start, attempt, rest = string.match(envelope, '^({"id":".-","attempt":)(%d+)()')
  local function counter(name)
    local found, after = string.match(envelope, '^,"' .. name .. '":(%d+)()', rest)
    if found then rest = after end
    return tonumber(found or 0)
  end
  local lost = counter('lost') + losses
  local missed = counter('missed') + misses
  local head = start .. (attempt + attempts)
  if lost > 0 then head = head .. ',"lost":' .. lost end
  if missed > 0 then head = head .. ',"missed":' .. missed end
  return head .. string.sub(envelope, rest), lost
end

-- An id for what has none, or one that is taken: ordered by time, unique by a counter.
local function fresh_id()
  return now .. '-' .. call('HINCRBY', meta, 'adopted', 1)
end

-- Gives an envelope another id.
local function rename(envelope, id)
  local attempt, rest = string.match(envelope, '^{"id":".-","attempt":(%d+)()')
  return '{"id":"' .. id .. '","attempt":' .. attempt .. string.sub(envelope, rest)
end

-- Makes an envelope of a JSON object with a name that somebody else pushed; its bytes stay as they are behind the
-- head. Returns id, envelope and attempts so far, or nil for anything else.
local function adopt(item)
  local ok, task = pcall(cjson.decode, item)
  if not ok or type(task) ~= 'table' or type(task.name) ~= 'string' or task.name == '' then return nil end
  local id = task.id
  if type(id) == 'number' then id = string.format('%.14g', id) end
  if type(id) ~= 'string' or #id == 0 or #id > 256 then id = fresh_id() end
  if call('HSETNX', status .. id, 'state', 'waiting') == 0 then
    id = fresh_id()
    call('HSET', status .. id, 'state', 'waiting')
  end
  call('HSET', status .. id, 'name', task.name, 'created', now)
  local attempt = task.attempt
  if type(attempt) ~= 'number' or attempt < 0 or attempt > 1e6 or attempt % 1 ~= 0 then attempt = 0 end
  local body = string.match(item, '^%s*{(.*)$')
  return id, '{"id":' .. cjson.encode(id) .. ',"attempt":' .. attempt .. ',' .. body, attempt
end
`;
