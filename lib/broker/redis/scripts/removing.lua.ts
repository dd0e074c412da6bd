/** How a status goes for good, with the log of its task. */
export const removing = String.raw`
-- Not what somebody else keeps under its key.
local function forget_status(id)
  if type(note('HGET', status .. id, 'state')) ~= 'table' then note('DEL', status .. id) end
  call('UNLINK', logs .. ':' .. id)
end
`;
