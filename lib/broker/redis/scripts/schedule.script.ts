import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { scheduling } from './scheduling.lua.js';

/**
 * Adds tasks that wait for their time.
 *
 * ARGV: layout version, how many tasks may be scheduled at most (0 for any number), how many of these tasks expire; for each of
 * those its row and how long after it is due, in ms; then for each task id, name, token, envelope, and when it is due: in ms
 * since 1970, or `+` and how many ms from now.
 * Returns: as `enqueue`.
 *
 * Safe to repeat: each task gets a status, which is created first and only once.
 */
export const scheduleScript = String.raw`${envelopes}${lanes}${deadLetters}${creating}${scheduling}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local room = math.huge
if ARGV[2] ~= '0' then room = ARGV[2] - call('ZCARD', scheduled) end
local first = 4 + 2 * ARGV[3]
local expires_in = {}
for i = 4, first - 1, 2 do expires_in[tonumber(ARGV[i])] = ARGV[i + 1] end

local answers, added, earliest = {}, 0, math.huge
for i = first, #ARGV, 5 do
  local id, name, token, envelope, when = unpack(ARGV, i, i + 4)
  local row, answer, is_known = #answers + 1, 2, false
  local due = due_at(when)
  if added < room or call('EXISTS', status .. id) == 1 then
    answer, is_known = create(status .. id, 'scheduled', name, token, string.format('%.0f', due))
    if type(answer) == 'table' then return answer end
  end
  if answer == 1 and not is_known then
    if expires_in[row] then
      envelope = string.sub(envelope, 1, -2) .. ',"expiresAt":' .. string.format('%.0f', due + expires_in[row]) .. '}'
    end
    note_place(id, envelope)
    local parked_id = park(id, envelope)
    call('ZADD', scheduled, score_of(due), parked_id)
    if parked_id ~= id then note('HSET', status .. parked_id, 'state', 'scheduled', 'due', string.format('%.0f', due)) end
    added, earliest = added + 1, math.min(due, earliest)
  end
  answers[row] = answer
end
if added > 0 then ring_for_first(earliest) end
return answers
`;
