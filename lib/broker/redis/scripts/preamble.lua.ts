/**
 * What every script begins with: the keys of one partition by name, and Redis's own clock.
 *
 * KEYS, the same for all scripts, in the order of `PartitionKeys`. The last two are no keys but what the keys of a
 * status and of a worker's active hash begin with; they carry the same hash tag, so a cluster routes them alike.
 */
export const preamble = String.raw`
local queue, bell, scheduled, parked, workers, dead, recent, meta, status, active = unpack(KEYS)
local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- Wakes one sleeping worker. One token is enough: a worker that finds more than it can take rings again.
local function ring()
  if call('EXISTS', bell) == 0 then call('LPUSH', bell, 1) end
end
`;
