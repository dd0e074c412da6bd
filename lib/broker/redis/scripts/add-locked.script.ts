import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { scheduling } from './scheduling.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Adds tasks unless others hold their keys.
 *
 * ARGV: layout version, how many tasks may wait, and be scheduled, at most (0 for any number), how long the answer is remembered in
 * ms, and a token of this call if it may replace tasks; then for each task id, name, envelope, when it is due (as in
 * `schedule`, nothing for at once), how long after that it expires in ms or nothing, key, and its rule: `started`,
 * `finished`, how many ms, or `debounce`; with that how many ms after the first add it is due at the latest, 1 if it must wait for the one
 * before it.
 * Returns: for each task as `enqueue`, and the id of another task or nothing; with it, 0 says that one holds the key, and 4
 * that its data are replaced. Or {-1, version}, as `enqueue`.
 *
 * Safe to repeat: each task gets a status, which is created first and only once. What replaces others leaves no trace of itself, so there
 * the answer of the call is remembered for as long as it may be sent again.
 */
export const addLocked = String.raw`${toldAtOnce}${envelopes}${lanes}${deadLetters}${creating}${scheduling}${endings}${locking}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end
local max_length, memory, token = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local FIRST, WIDTH, LOOKS_AT = 5, 9, 2
local CREATED, HELD, FULL, REPLACED = 1, 0, 2, 4
local remembered = unique .. ':' .. token
local answered = token ~= '' and call('GET', remembered)
if answered then return cjson.decode(answered) end

local rings, replaces, earliest = false, false, math.huge

local function whole(ms)
  return string.format('%.0f', ms)
end

-- The tasks of each group are counted by themselves.
local waiting = {}
local function is_full(envelope, is_scheduled)
  if max_length == 0 then return false end
  if is_scheduled then return call('ZCARD', scheduled) >= max_length end
  local _, group = place_of(envelope)
  local count = waiting[group or ''] or (group and call('LLEN', list_of(lane_of(0, group))) or count_waiting())
  -- The one that asks is the next one.
  waiting[group or ''] = count + 1
  return count >= max_length
end

local function expiring(envelope, due, expires_in)
  if expires_in == '' then return envelope end
  return string.sub(envelope, 1, -2) .. ',"expiresAt":' .. whole(due + expires_in) .. '}'
end

local function place(id, due)
  call('ZADD', scheduled, score_of(due), id)
  earliest = math.min(due, earliest)
end

-- As "create" answers, or FULL. At once where "due" is nil.
local function add(row, due)
  if is_full(row.envelope, due ~= nil) then return FULL end
  local key = status .. row.id
  local answer = create(key, due and 'scheduled' or 'waiting', row.name, '', due and whole(due))
  if answer ~= CREATED then return answer end
  call('HSET', key, 'unique', row.lock)
  note_place(row.id, row.envelope)
  local envelope = expiring(row.envelope, due or now, row.expires_in)
  if due then
    park(row.id, envelope)
    place(row.id, due)
  else
    wait_in_line(envelope)
    rings = true
  end
  return CREATED
end

local function replace(row, id, due)
  local key = status .. id
  local renamed = rename(row.envelope, id)
  if call('ZSCORE', scheduled, id) then
    call('HSET', parked, id, expiring(renamed, due, row.expires_in))
    place(id, due)
    note('HSET', key, 'due', whole(due))
    note('HDEL', key, 'priority', 'group')
    note_place(id, renamed)
  else
    call('HSET', key, 'latest', expiring(renamed, now, row.expires_in))
  end
  replaces = true
end

local function debounce(row)
  local _, id, before = read_entry(call('HGET', unique, row.lock))
  id = id or ''
  before = before and before ~= '' and not has_ended(before) and before or ''
  local waits_for_worker = is_pending(id)
  local created = waits_for_worker and tonumber(call('HGET', status .. id, 'created')) or now
  local due = math.max(now, math.min(due_at(row.when), created + row.max_wait))
  local answer, other = CREATED, ''
  if waits_for_worker then
    replace(row, id, due)
    answer, other = REPLACED, id
  else
    id, answer = row.id, add(row, due)
    if answer ~= CREATED then return answer, '' end
  end
  if row.waits and before ~= '' then call('HSET', status .. id, 'after', before) end
  write_debounced(row.lock, id, before)
  return answer, other
end

local function add_unless_held(row)
  local rule, id, before = read_entry(call('HGET', unique, row.lock))
  if rule and still_holds(rule, id, before) then return HELD, id end
  local answer = add(row, row.when ~= '' and due_at(row.when) or nil)
  if answer == CREATED then
    local ms = tonumber(row.rule)
    call('HSET', unique, row.lock, (ms and end_of(ms) or row.rule) .. ' ' .. row.id)
  end
  return answer, ''
end

local answers = {}
for i = FIRST, #ARGV, WIDTH do
  local row = {
    id = ARGV[i], name = ARGV[i + 1], envelope = ARGV[i + 2], when = ARGV[i + 3], expires_in = ARGV[i + 4],
    lock = ARGV[i + 5], rule = ARGV[i + 6], max_wait = ARGV[i + 7], waits = ARGV[i + 8] == '1',
  }
  local answer, other = CREATED, ''
  -- An earlier try of this call has added it.
  if note('HEXISTS', status .. row.id, 'state') ~= 1 then
    answer, other = (row.rule == 'debounce' and debounce or add_unless_held)(row)
    if type(answer) == 'table' then return answer end
  end
  answers[#answers + 1] = answer
  answers[#answers + 1] = other
end
if earliest < math.huge then ring_for_first(earliest) end
if rings then ring() end

-- What others have left behind: so there is never much more than what holds.
local some = call('HRANDFIELD', unique, LOOKS_AT * #answers / 2, 'WITHVALUES')
for i = 1, #some, 2 do
  local rule, id, before = read_entry(some[i + 1])
  if not rule or not still_holds(rule, id, before) then call('HDEL', unique, some[i]) end
end
if replaces then call('SET', remembered, cjson.encode(answers), 'PX', memory) end
return answers
`;
