/**
 * Looks which schedules have a tick that is due.
 *
 * ARGV: how many at most.
 * Returns: {Redis's time in ms, ms until the first tick that is not due yet or -1, how often schedules of this queue have
 * changed, {name, tick in ms, timing, catch-up of each that is due, over and over}}.
 *
 * Changes nothing, but that a name without its definition, which only somebody else can leave behind, is forgotten.
 */
export const dueSchedules = String.raw`
local names = call('ZRANGEBYSCORE', schedules, '-inf', now_text, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local due = {}
for i = 1, #names, 2 do
  local name = names[i]
  local timing, catch_up = unpack(call('HMGET', schedule_key .. name, 'timing', 'catch_up'))
  if timing then
    local at = #due
    due[at + 1], due[at + 2], due[at + 3], due[at + 4] = name, tonumber(names[i + 1]), timing, catch_up or ''
  else
    call('ZREM', schedules, name)
  end
end
local upcoming = call('ZRANGEBYSCORE', schedules, '(' .. now_text, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local next_in = upcoming and math.ceil(tonumber(upcoming) - now) or -1
return {now, next_in, tonumber(call('HGET', meta, 'schedules') or 0), due}
`;
