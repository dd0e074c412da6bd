import { creating } from './creating.lua.js';
import { rows } from './rows.lua.js';

/**
 * Adds tasks as the last ones of the queue, in the order given: those that have neither a priority nor a group, where any number may
 * wait. It is all that most tasks need, and has nothing in it that the others need: see `enqueueInLanes`.
 *
 * ARGV: layout version, 0, 1 if each task gets a status, how many of these tasks expire; for each of those its row and the time in
 * ms; then for each task id, name, token, envelope.
 * Returns: for each task 1 if it was created, 0 if its id is known already, 3 if somebody keeps something else under its status key.
 * Or {-1, version} where the keys of the queue have another layout: then nothing was done.
 *
 * Safe to repeat where each task gets a status: that is created first and only once, so a task that an earlier call added is
 * not added again. The token, given with ids that callers chose, tells that earlier call from somebody else's. These always get
 * a status.
 */
export const enqueue = String.raw`${creating}${rows}
local answers, envelopes = {}, {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local answer, is_known = 1, false
  if token ~= '' or (keeps and not are_new) then
    answer, is_known = create(key, 'waiting', name, token)
    if type(answer) == 'table' then return answer end
  elseif keeps then
    call('HSET', key, 'state', 'waiting', 'name', name, 'created', now_text)
  end
  if answer == 1 and not is_known then envelopes[#envelopes + 1] = ARGV[i + 3] end
  answers[#answers + 1] = answer
end
if #envelopes > 0 then
  call('LPUSH', queue, unpack(envelopes))
  ring()
end
return answers
`;
