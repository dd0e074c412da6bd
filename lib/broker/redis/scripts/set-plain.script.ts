/**
 * Writes a plain status, unless somebody keeps something else under its key. A script of its own, outside of all queues.
 *
 * KEYS: that key. ARGV: the word, how long it stays in ms or nothing.
 * Returns: nothing, or the type of what is there. Safe to repeat.
 */
export const setPlain = String.raw`
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= 'none' and found ~= 'string' then return found end
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[1])
end
`;
