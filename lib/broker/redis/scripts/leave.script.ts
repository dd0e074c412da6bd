/**
 * Takes a worker off the list. If it still holds tasks its lease ends at once instead, so that others recover them.
 *
 * ARGV: worker.
 * Returns: how many tasks it still held.
 *
 * Safe to repeat.
 */
export const leave = String.raw`
local worker = ARGV[1]
work_at_maxmemory()
local left = call('HLEN', active .. worker)
if left == 0 then
  call('ZREM', workers, worker)
  call('HDEL', workers .. ':info', worker)
  -- It may have been the only one that knew when the next task is due.
  for _, times in ipairs({scheduled, turns, groups .. ':resting'}) do
    local next_due = tonumber(call('ZRANGE', times, 0, 0, 'WITHSCORES')[2])
    if next_due and next_due < now + LOOKS_AGAIN_MS then ring() end
  end
elseif call('ZSCORE', workers, worker) then
  call('ZADD', workers, 'LT', now - 1, worker)
end
return left
`;
