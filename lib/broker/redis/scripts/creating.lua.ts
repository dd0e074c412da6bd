/** How a task that is added gets its status, which is what tells two of the same id apart. */
export const creating = String.raw`
-- Creates a status, and answers as the script does: 1 for a new one, 0 for one that is known, 3 where somebody keeps something
-- else under its key; and as second value whether an earlier call, which had the same token, has created it. Or it answers an
-- error that concerns all of them and comes before anything is written, such as a lack of memory.
local function create(key, state, name, token, due)
  local answer = note('HSETNX', key, 'state', state)
  if type(answer) == 'table' then
    return string.find(answer.err, '^WRONGTYPE') and 3 or answer
  elseif answer == 1 then
    if due then
      call('HSET', key, 'name', name, 'created', now_text, 'due', due)
    else
      call('HSET', key, 'name', name, 'created', now_text)
    end
    if token ~= '' then call('HSET', key, 'token', token) end
  elseif token ~= '' and call('HGET', key, 'token') == token then
    return 1, true
  end
  return answer
end
`;
