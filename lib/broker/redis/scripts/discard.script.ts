import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { removing } from './removing.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Removes a dead letter, its data, its log and its status, which stays if the id is in use again.
 *
 * ARGV: id.
 * Returns: 1 if it was one, 0 if not. Safe to repeat.
 */
export const discard = String.raw`${toldAtOnce}${envelopes}${deadLetters}${removing}
local id = ARGV[1]
work_at_maxmemory()
if call('ZREM', dead, id) == 0 then return 0 end
call('HDEL', parked, id)
if is_outlived(id) then return 0 end
forget_status(id)
return 1
`;
