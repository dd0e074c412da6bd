import { plainWord } from './plain-word.lua.js';

/**
 * Tells those who follow a task when its status changes: who watches it, and who reads its plain status, a key that holds the name of
 * its state and nothing else. Part of every script that writes statuses of tasks that exist already.
 */
export const watching = String.raw`
-- HASH id → how long its plain status stays in ms, once it has ended and once it has failed, and the key of that: of tasks from plain
-- lists that have not ended.
local plain = watched .. ':plain'

-- From then on all that is noted takes longer, and before it nothing does.
local function tell_followers()
  is_followed = true
  if call('EXISTS', watched) == 1 then
    -- What has changed they read themselves, once this script is through: so once for each task is enough.
    local told, write = {}, note
    local function tell(key)
      if not told[key] and call('ZSCORE', watched, string.sub(key, #status + 1)) then redis.pcall('PUBLISH', key, '') end
      told[key] = true
    end
    note = function(command, ...)
      if command == 'HSET' or command == 'HDEL' or command == 'DEL' then
        for _, key in ipairs(command == 'DEL' and {...} or {(...)}) do tell(key) end
      end
      return write(command, ...)
    end
  end
  if call('EXISTS', plain) == 1 then
    local write = note
${plainWord}
    -- The word is written before its entry goes. That of a dead letter is kept with its status, for it may be retried.
    local function say(key, word)
      local id = string.sub(key, #status + 1)
      local entry = redis.pcall('HGET', plain, id)
      if type(entry) ~= 'string' then return end
      local kept, dead_kept, plain_key = string.match(entry, '^(%d+) (%d+) (.*)$')
      if not plain_key then return end
      local is_over = word == 'completed' or word == 'failed' or word == 'cancelled'
      write_word(plain_key, word, is_over and (word == 'failed' and dead_kept or kept))
      if word == 'failed' then redis.pcall('HSET', key, 'plain', entry) end
      if is_over then call('HDEL', plain, id) end
    end
    note = function(command, ...)
      local reply = write(command, ...)
      if command == 'HSET' then
        -- Whoever writes a state writes it first.
        local key, field, word = ...
        if field == 'state' then say(key, word) end
      elseif command == 'DEL' then
        -- Nothing is kept of what is completed; whatever has ended otherwise has said so before.
        for _, key in ipairs({...}) do say(key, 'completed') end
      end
      return reply
    end
  end
end
`;

/** The same, at once. */
export const toldAtOnce = String.raw`${watching}
if call('EXISTS', watched, plain) > 0 then tell_followers() end
`;
