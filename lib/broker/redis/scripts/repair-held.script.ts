import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Looks at a page of what one worker holds. Its statuses say `active`, or `waiting` where handlers are quick.
 *
 * ARGV: as `repairing` says; then worker, cursor, about how many, and ids that another worker seemed to hold as well.
 * Returns: {next cursor, or nothing where this page is to be read again; what was found, ids, bytes read}.
 *
 * Safe to repeat: what was mended is not found again.
 */
export const repairHeld = String.raw`${envelopes}${deadLetters}${repairing}
local worker = ARGV[first]
local page = call('HSCAN', active .. worker, ARGV[first + 1], 'COUNT', ARGV[first + 2])
local ids, bytes = {}, 0

-- The worker goes on with its task; the one that waits for its time is the same, or gets an id of its own.
local function part_from_scheduled(id, envelope, due)
  local other = call('HGET', parked, id)
  if other and not same_task(envelope, other) then
    local own, renamed = give_own_id(other, scheduled_state(other), due)
    if not own then return false end
    call('HSET', parked, own, renamed)
    call('ZADD', scheduled, due, own)
    if scheduled_state(other) == 'retrying' then call('SADD', ${retrying}, own) end
  end
  call('ZREM', scheduled, id)
  call('SREM', ${retrying}, id)
  if not call('ZSCORE', dead, id) then call('HDEL', parked, id) end
  correct(id, envelope, 'active')
end

for i = 1, #page[2], 2 do
  if is_full() then break end
  local id, envelope = page[2][i], page[2][i + 1]
  ids[#ids + 1] = id
  bytes = bytes + #envelope
  local due, state = call('ZSCORE', scheduled, id), state_of(id)
  if due then
    found('sameIdTwice', id, function() return part_from_scheduled(id, envelope, due) end)
  elseif state == false and has_statuses then
    found('taskWithoutStatus', id, function() correct(id, envelope, 'active') end)
  elseif state and state ~= 'waiting' and state ~= 'active' then
    found('wrongStatus', id, function() correct(id, envelope, 'active') end)
  end
end

-- Both run, and each will report: nobody can tell which of them is right.
for i = first + 3, #ARGV, 2 do
  local id, other = ARGV[i], ARGV[i + 1]
  if call('HEXISTS', active .. worker, id) == 1 and call('HEXISTS', active .. other, id) == 1 then
    found('sameIdTwice', id, function() return false end)
  end
end
return {is_full() and '' or page[1], damages, ids, bytes}
`;
