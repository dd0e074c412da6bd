/**
 * A page of what waits for its time, from what is due next on, or of the dead letters, from the latest on. It begins behind an entry of the
 * page before; where that is gone or has moved, with those of the same time: they may come again, and none is missed.
 *
 * ARGV: `scheduled` or `dead`, score and id of that entry, or twice nothing, how many.
 * Returns: id and score of each.
 *
 * Writes nothing.
 */
export const indexPage = String.raw`
local from_end = ARGV[1] == 'dead'
local index = from_end and dead or scheduled
local score, id, count = ARGV[2], ARGV[3], ARGV[4]
local first = 0
if score ~= '' then
  if tonumber(call('ZSCORE', index, id) or '') == tonumber(score) then
    first = call(from_end and 'ZREVRANK' or 'ZRANK', index, id) + 1
  elseif from_end then
    first = call('ZCOUNT', index, '(' .. score, '+inf')
  else
    first = call('ZCOUNT', index, '-inf', '(' .. score)
  end
end
return call(from_end and 'ZREVRANGE' or 'ZRANGE', index, first, first + count - 1, 'WITHSCORES')
`;
