import { preamble } from './preamble.lua.js';

/**
 * Adds tasks to the left of the queue, in the order given.
 *
 * ARGV: layout version; then for each task id, name, token, envelope.
 * Returns: for each task 1 if it was created, 0 if its id is known already. Or {-1, version} where the keys of the queue
 * have another layout: then nothing was done.
 *
 * Safe to repeat: the status key is created first and only once, so a task that an earlier call added is not added
 * again. The token, given with ids that callers chose, tells that earlier call from somebody else's.
 */
export const enqueue = String.raw`${preamble}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end
local answers, created = {}, {}
for i = 2, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local answer = call('HSETNX', key, 'state', 'waiting')
  if answer == 0 then
    if token ~= '' and call('HGET', key, 'token') == token then answer = 1 end
  else
    if token == '' then
      call('HSET', key, 'name', name, 'created', now_text)
    else
      call('HSET', key, 'name', name, 'created', now_text, 'token', token)
    end
    created[#created + 1] = ARGV[i + 3]
  end
  answers[#answers + 1] = answer
end
if #created > 0 then
  call('LPUSH', queue, unpack(created))
  ring()
end
return answers
`;
