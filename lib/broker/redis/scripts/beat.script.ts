/**
 * Renews the lease of a worker, or enters a new worker.
 *
 * ARGV: worker, lease in ms, 1 to enter, the layout version to enter where there is none.
 * Returns: {1 if the worker is alive and 0 if it was declared dead, how many tasks it holds, 1 if another worker's
 * lease has run out, layout version of the queue, ids of those tasks that somebody has called off, how often schedules of the queue
 * have changed}.
 *
 * Safe to repeat: a worker id is never used for another worker.
 */
export const beat = String.raw`
local worker, lease, joins, version = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4]
local PAGE = 1000
work_at_maxmemory()
call('HSETNX', meta, 'layout', version)
local layout = call('HGET', meta, 'layout')
if layout ~= version then return {0, 0, 0, tonumber(layout), {}, 0} end
local expiry = tonumber(call('ZSCORE', workers, worker) or 0)
if expiry == 0 and not joins then return {0, 0, 0, tonumber(layout), {}, 0} end
-- Who holds nothing and is alone has a longer one.
if expiry < now + lease or call('EXISTS', active .. worker) == 1 then call('ZADD', workers, now + lease, worker) end
-- Who was alone until now looks rarely: it has to learn that it is not any more.
if expiry == 0 and call('ZCARD', workers) == 2 then
  for _, other in ipairs(call('ZRANGE', workers, 0, 1)) do
    if other ~= worker then ring_worker(other) end
  end
end

local cancelled = {}
if call('EXISTS', cancel) == 1 then
  local ids = call('HKEYS', active .. worker)
  for first = 1, #ids, PAGE do
    local last = math.min(first + PAGE - 1, #ids)
    for row, reason in ipairs(call('HMGET', cancel, unpack(ids, first, last))) do
      if reason then cancelled[#cancelled + 1] = ids[first + row - 1] end
    end
  end
end

local first_expiry = call('ZRANGE', workers, 0, 0, 'WITHSCORES')[2]
local held = call('HLEN', active .. worker)
local revision = tonumber(call('HGET', meta, 'schedules') or 0)
return {1, held, tonumber(first_expiry) < now and 1 or 0, tonumber(layout), cancelled, revision}
`;
