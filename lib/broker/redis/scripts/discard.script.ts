import { preamble } from './preamble.lua.js';

/**
 * Removes a dead letter, its data and its status.
 *
 * ARGV: id.
 * Returns: 1 if it was one, 0 if not. Safe to repeat.
 */
export const discard = String.raw`${preamble}
local id = ARGV[1]
work_at_maxmemory()
if call('ZREM', dead, id) == 0 then return 0 end
call('HDEL', parked, id)
note('DEL', status .. id)
return 1
`;
