import { addedAt } from './added-at.lua.js';
import { cancelling } from './cancelling.lua.js';
import { creating } from './creating.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { locking } from './locking.lua.js';
import { retrying, retryingOf } from './retrying.lua.js';
import { sweeping } from './sweeping.lua.js';
import { ticking } from './ticking.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Deals with a page of what waits for its time, or of the dead letters.
 *
 * ARGV: as `sweeping` says; then `scheduled` or `dead`, and a cursor.
 * Returns: {next cursor, or nothing where this page is to be read again; how many tasks were dealt with, how many were meant but stay}. Or {-1,
 * layout version, 1 if it is that of the other queue}.
 *
 * Safe to repeat: what is dealt with stands there no more.
 */
export const sweepParked = String.raw`${toldAtOnce}${envelopes}${lanes}${cancelling}${creating}${endings}${ticking}${locking}${deadLetters}${addedAt}${sweeping}
local PAGE = 25
local is_dead, cursor = ARGV[FIRST] == 'dead', ARGV[FIRST + 1]
local place, there_place = is_dead and dead or scheduled, is_dead and there[dead] or there[scheduled]
local needs_envelope = action == 'move' or wanted_name ~= '' or wanted_text ~= ''
work_at_maxmemory()
local unknown = unknown_layout()
if unknown then return unknown end

local done, kept, bytes, is_full = 0, 0, 0, false

local function sweep(id)
  -- A page may name an id twice.
  local score, state = call('ZSCORE', place, id), note('HGET', status .. id, 'state')
  if not score then return end
  -- Its status may be gone, or be something else: the place tells as well.
  if type(state) ~= 'string' then
    state = is_dead and 'failed' or call('SISMEMBER', ${retrying}, id) == 1 and 'retrying' or 'scheduled'
  end
  if wanted_state ~= '' and state ~= wanted_state then return end
  -- What it was before it came here is over; its status is that of a later task.
  if is_dead and is_outlived(id) then return end
  local envelope = needs_envelope and call('HGET', parked, id)
  if needs_envelope and not envelope then return end
  if needs_envelope and not is_wanted(envelope) then return end
  if not needs_envelope and added_until and time_of(id) > added_until then return end
  if must_stay(id) then
    kept = kept + 1
    return
  end
  done = done + 1
  if only_looks then return end
  bytes = bytes + #(envelope or '')
  deal_with(id, envelope or '', state, function()
    call('HSET', there[parked], id, envelope)
    call('ZADD', there_place, score, id)
    if call('SISMEMBER', ${retrying}, id) == 1 then call('SADD', ${retryingOf('there[scheduled]')}, id) end
    rings_there = rings_there or (not is_dead and tonumber(score) < now + LOOKS_AGAIN_MS)
  end)
  call('ZREM', place, id)
  call('SREM', ${retrying}, id)
  call('HDEL', parked, id)
end

local page = call('ZSCAN', place, cursor, 'COUNT', PAGE)
for i = 1, #page[2], 2 do
  is_full = not only_looks and (done >= TAKEN_MAX or bytes >= TAKEN_BYTES)
  if is_full then break end
  sweep(page[2][i])
end
tell_of_page()
-- Those that stay are met again.
if is_full then return {'', done, 0} end
return {page[1], done, kept}
`;
