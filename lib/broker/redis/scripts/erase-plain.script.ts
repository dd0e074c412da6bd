import { removing } from './removing.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Lets the plain statuses of a queue that was let go of say that their tasks are called off: a page of them. When a task was taken from a
 * plain list stands in its id.
 *
 * ARGV: when the queue was let go of, in ms; cursor.
 * Returns: next cursor. Safe to repeat.
 */
export const erasePlain = String.raw`${toldAtOnce}${removing}
local moment, PAGE = tonumber(ARGV[1]), 50
work_at_maxmemory()
local page = call('HSCAN', plain, ARGV[2], 'COUNT', PAGE)
for i = 1, #page[2], 2 do
  local id = page[2][i]
  local seconds, micros = string.match(id, '^(%d+)(%d%d%d%d%d%d)%-%d+$')
  if seconds and seconds * 1000 + math.floor(micros / 1000) < moment then
    note('HSET', status .. id, 'state', 'cancelled')
    forget_status(id)
  end
end
return page[1]
`;
