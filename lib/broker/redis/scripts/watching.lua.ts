/** Tells those who watch a task when its status changes. Part of every script that writes statuses of tasks that exist already. */
export const watching = String.raw`
-- What has changed they read themselves, once this script is through: so once for each task is enough. From then on all that is
-- noted takes longer, and before it nothing does.
local function tell_watchers()
  local told = {}
  local function tell(key)
    if not told[key] and call('ZSCORE', watched, string.sub(key, #status + 1)) then redis.pcall('PUBLISH', key, '') end
    told[key] = true
  end
  note = function(command, ...)
    if command == 'HSET' or command == 'HDEL' or command == 'DEL' then
      for _, key in ipairs(command == 'DEL' and {...} or {(...)}) do tell(key) end
    end
    return redis.pcall(command, ...)
  end
end
`;

/** The same, at once. */
export const toldAtOnce = String.raw`${watching}
if call('EXISTS', watched) == 1 then tell_watchers() end
`;
