/**
 * Looks for a task wherever its id leads to it: in the hands of a worker, where it waits for its time, and among the dead letters, unless
 * its id is in use again.
 *
 * ARGV: id.
 * Returns: {the place, or nothing: then it can only wait in a list, if it has not ended; its envelope; who holds it, or its score
 * there; its status, field by field}.
 *
 * Writes nothing.
 */
export const findTask = String.raw`
local id = ARGV[1]
local fields = note('HGETALL', status .. id)
if fields.err then fields = {} end

for _, worker in ipairs(call('ZRANGE', workers, 0, -1)) do
  local envelope = call('HGET', active .. worker, id)
  if envelope then return {'active', envelope, worker, fields} end
end
local due, died = call('ZSCORE', scheduled, id), call('ZSCORE', dead, id)
if due then return {'scheduled', call('HGET', parked, id), due, fields} end
local state = note('HGET', status .. id, 'state')
if died and (type(state) ~= 'string' or state == 'failed') then
  return {'dead', call('HGET', parked, id), died, fields}
end
return {'', false, '', fields}
`;
