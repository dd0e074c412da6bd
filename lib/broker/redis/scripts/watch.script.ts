/**
 * Enters tasks that somebody watches: whenever their statuses change, a message without content is published on the channel that is
 * named as their status key. An entry goes by itself unless it is made again, since whoever watches may die.
 *
 * ARGV: how long an entry lasts in ms, ids.
 * Returns: nothing. Safe to repeat.
 */
export const watchScript = String.raw`
local OLD_PAGE = 1000
local old = call('ZRANGEBYSCORE', watched, '-inf', now, 'LIMIT', 0, OLD_PAGE)
if #old > 0 then call('ZREM', watched, unpack(old)) end
local entries = {}
for i = 2, #ARGV do entries[#entries + 1], entries[#entries + 2] = end_of(ARGV[1]), ARGV[i] end
call('ZADD', watched, unpack(entries))
call('PEXPIRE', watched, ARGV[1])
`;
