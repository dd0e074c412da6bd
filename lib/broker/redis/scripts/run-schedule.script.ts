import { creating } from './creating.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';

/**
 * Adds a task of a schedule out of turn.
 *
 * ARGV: layout version, how many tasks may wait at most (0 for any number), name, a new id.
 * Returns: {1} if the task was added, {0} if there is no such schedule, {2} if the queue is full; or {-1, version} as "enqueue".
 *
 * Safe to repeat: the id tells that an earlier call has added the task.
 */
export const runSchedule = String.raw`${envelopes}${lanes}${creating}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end
local max_length, name, id = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local body, task, expires_in = unpack(call('HMGET', schedule_key .. name, 'body', 'task', 'expires_in'))
if call('EXISTS', status .. id) == 1 then return {1} end
if not body then return {0} end
if max_length > 0 and count_waiting() >= max_length then return {2} end
local answer = create(status .. id, 'waiting', task, '')
if type(answer) == 'table' then return answer end
if expires_in then body = string.sub(body, 1, -2) .. ',"expiresAt":' .. end_of(expires_in) .. '}' end
local envelope = '{"id":"' .. id .. '","attempt":0,' .. body
note_place(id, envelope)
wait_in_line(envelope)
ring()
return {1}
`;
