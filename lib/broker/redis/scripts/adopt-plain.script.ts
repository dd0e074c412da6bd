import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { plainWord } from './plain-word.lua.js';
import { watching } from './watching.lua.js';

/**
 * Makes tasks of what others pushed to a plain list: first of what was claimed of it, then of what is next in it. How many tasks may
 * wait does not matter: these do already.
 *
 * KEYS, behind those of all scripts: where claimed elements stand, and the list.
 * ARGV: layout version, 1 if each task gets a status, retention in ms of dead letters, what stands between the attempt and the data in
 * an envelope, task name, how long after this a task expires in ms or nothing, how long a plain status stays in ms once the task has
 * ended and once it has failed, what the keys of plain statuses begin with, the member of an element that has its id.
 * Returns: {how many elements it has taken, 1 if there may be more, ids of those that are no text and dead letters now}, or
 * {-1, version} where the keys of the queue have another layout: then nothing was done.
 *
 * Safe to repeat, and for several processes at once: what has become a task leaves its list in the same call, behind that.
 */
export const adoptPlain = String.raw`${watching}${envelopes}${lanes}${deadLetters}${plainWord}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end
local keeps, dead_retention, body, name, expires_in = ARGV[2] == '1', tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local kept, dead_kept, prefix, id_member = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
-- Where these are something else, that must be found before anything is written: this is tried again and again.
call('LLEN', queue)
call('HLEN', plain)
local claimed, list = KEYS[#KEYS - 1], KEYS[#KEYS]
local PAGE, PAGE_BYTES = 50, 65536

-- One by one from the right: nobody knows how long they are. A key that is no list has no elements; claiming tells of it.
local items, bytes = {}, 0
local function read(from)
  local count = 0
  while #items < PAGE and bytes < PAGE_BYTES do
    local item = redis.pcall('LINDEX', from, -count - 1)
    if type(item) ~= 'string' then break end
    count, bytes = count + 1, bytes + #item
    items[#items + 1] = item
  end
  return count
end
local from_claimed = read(claimed)
local from_list = read(list)

-- The id by which others know what they pushed, if it has one.
local function own_id(item)
  if not string.find(item, '^%s*{') then return nil end
  local ok, object = pcall(cjson.decode, item)
  local id = ok and type(object) == 'table' and object[id_member]
  if type(id) == 'number' and id % 1 == 0 and math.abs(id) < 2 ^ 53 then id = string.format('%.0f', id) end
  return type(id) == 'string' and id ~= '' and is_text(id, MAX_ID) and id or nil
end

local tail = expires_in == '' and '}' or ',"expiresAt":' .. end_of(expires_in) .. '}'
local malformed = {}
for _, item in ipairs(items) do
  local id = fresh_id()
  if is_text(item, math.huge) then
    -- As everybody else writes JSON: whoever looks for text in envelopes looks for that.
    local data = string.gsub(cjson.encode(item), '\\/', '/')
    local envelope = '{"id":"' .. id .. '","attempt":0,' .. body .. data .. tail
    local plain_key = prefix .. (own_id(item) or id)
    if keeps then
      call('HSET', status .. id, 'state', 'waiting', 'name', name, 'created', now_text)
      note_place(id, envelope)
    end
    call('HSET', plain, id, kept .. ' ' .. dead_kept .. ' ' .. plain_key)
    write_word(plain_key, 'waiting')
    wait_in_line(envelope)
  else
    note('HSET', status .. id, 'name', name, 'created', now_text)
    bury(id, item, 0, '{"name":"malformed","message":"The element of a plain list is no UTF-8"}', dead_retention)
    malformed[#malformed + 1] = id
  end
end

if from_claimed > 0 then call('LTRIM', claimed, 0, -from_claimed - 1) end
if from_list > 0 then call('LTRIM', list, 0, -from_list - 1) end
if #malformed > 0 then trim_dead(dead_retention) end
if #items > #malformed then ring() end
return {#items, (#items == PAGE or bytes >= PAGE_BYTES) and 1 or 0, malformed}
`;
