import { preamble } from './preamble.lua.js';

/**
 * Takes a worker off the list. If it still holds tasks its lease ends at once instead, so that others recover them.
 *
 * ARGV: worker.
 * Returns: how many tasks it still held.
 *
 * Safe to repeat.
 */
export const leave = String.raw`${preamble}
local worker = ARGV[1]
work_at_maxmemory()
local left = call('HLEN', active .. worker)
if left == 0 then
  call('ZREM', workers, worker)
  -- It may have been the only one that knew when the next task is due.
  if math.min(first_of(scheduled) or math.huge, first_of(turns) or math.huge) < now + LOOKS_AGAIN_MS then ring() end
elseif call('ZSCORE', workers, worker) then
  call('ZADD', workers, 'LT', now - 1, worker)
end
return left
`;
