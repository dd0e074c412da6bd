/** Whether a task has ended, as its status tells. */
export const endings = String.raw`
local ENDED = {completed = true, failed = true, cancelled = true}

-- Also what is not kept, once it has ended, what somebody else keeps under that key, and what never was.
local function has_ended(id)
  if not id then return true end
  local state = note('HGET', status .. id, 'state')
  return type(state) ~= 'string' or ENDED[state] == true
end
`;
