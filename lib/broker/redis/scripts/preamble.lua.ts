/**
 * What every script stands in: the keys of one partition by name, and Redis's own clock.
 *
 * KEYS, the same for all scripts, in the order of `PartitionKeys`. The last four are no keys but what the keys of a
 * status, of a worker's active hash, of a schedule and of a lane begin with; they carry the same hash tag, so a cluster routes
 * them alike.
 */
const preamble = String.raw`
local queue, bell, scheduled, parked, workers, dead, recent, meta, suspects, cancel, schedules, priorities, groups, unique,
  limited, starts, turns, room_bell, watched, logs, status, active, schedule_key, lane_key = unpack(KEYS)
local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- For arguments: Redis prints a number anew, as a float, for every call that is given one.
local now_text = string.format('%.0f', now)

-- What a worker sleeps at most, after which it looks at the queue by itself: MAX_SLEEP_MS of the broker.
local LOOKS_AGAIN_MS = 5000

-- When something ends that lasts so long from now; most last equally long. A point in time is cheaper for Redis than a
-- span, which it would rewrite for its replicas.
local ends = {}
local function end_of(span)
  local time = ends[span]
  if not time then
    time = string.format('%.0f', now + span)
    ends[span] = time
  end
  return time
end

-- Writes a status. A status tells of a task and is not the task: a key of another type, which somebody else put there,
-- must not stop a script half-way, for nothing that a script did before is undone.
local note = redis.pcall
-- Whether somebody follows statuses: then also what is not kept is said.
local is_followed = false

-- For scripts that must work at maxmemory, too, since they free what is finished: Redis refuses a script only if its
-- first write may need memory.
local function work_at_maxmemory()
  call('HDEL', meta, '')
end

-- Wakes this worker, to which there is something to say.
local function ring_worker(worker)
  local worker_bell = bell .. ':' .. worker
  if call('EXISTS', worker_bell) == 0 then call('LPUSH', worker_bell, 1) end
  call('PEXPIRE', worker_bell, 60000)
end

-- Wakes one sleeping worker. One token is enough: a worker that finds more than it can take rings again.
local function ring()
  if call('EXISTS', bell) == 0 then call('LPUSH', bell, 1) end
end
`;

/**
 * A script is a function of its own. Each function that it makes takes up what it needs from around it: from the function around that one
 * at once, but for each variable of the same function Lua searches all others. So a script of many functions takes a tenth less of
 * Redis's time, and variables of the preamble are not among the 200 that a function may have.
 */
export function whole(body: string): string {
  return `${preamble}return (function()${body}end)()`;
}
