/**
 * What a worker tells of itself: how it gets on, and what it has done since it told last, which is added to the figures of this minute
 * and of this hour.
 *
 * ARGV: worker, number of this report, JSON, what the keys of the history by hours and by days begin with, how long minutes and
 * hours are kept in ms; then name and amount of each figure.
 * Returns: 1, or 0 for a worker that is not on the list: then nothing was done.
 *
 * Safe to repeat: the number of the latest report stands before its JSON, and no other counts.
 */
export const report = String.raw`
local worker, number, facts = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local FIGURES_FROM = 8
local MINUTE, HOUR, DAY = 60000, 3600000, 86400000

if tonumber(call('ZSCORE', workers, worker) or 0) == 0 then return 0 end
local info = workers .. ':info'
local before = call('HGET', info, worker)
if before and tonumber(string.match(before, '^%d+')) >= number then return 1 end
call('HSET', info, worker, number .. ' ' .. facts)
if not ARGV[FIGURES_FROM] then return 1 end

local hour, day = math.floor(now / HOUR), math.floor(now / DAY)
local of_hour, of_day = ARGV[4] .. hour, ARGV[5] .. day
local minute_field, hour_field = math.floor(now / MINUTE) % 60 .. ':', hour % 24 .. ':'
for i = FIGURES_FROM, #ARGV, 2 do
  call('HINCRBY', of_hour, minute_field .. ARGV[i], ARGV[i + 1])
  call('HINCRBY', of_day, hour_field .. ARGV[i], ARGV[i + 1])
end
call('PEXPIREAT', of_hour, string.format('%.0f', (hour + 1) * HOUR + ARGV[6]))
call('PEXPIREAT', of_day, string.format('%.0f', (day + 1) * DAY + ARGV[7]))
return 1
`;
