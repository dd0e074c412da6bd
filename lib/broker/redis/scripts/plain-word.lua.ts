/** How a plain status is written. Its key is somebody else's: whatever Redis says to it, that must not stop a script half-way. */
export const plainWord = String.raw`
-- What somebody keeps there that is no text stays.
local function write_word(key, word, ttl)
  local found = redis.pcall('TYPE', key).ok
  if found ~= 'none' and found ~= 'string' then return end
  if ttl then redis.pcall('SET', key, word, 'PX', ttl) else redis.pcall('SET', key, word) end
end
`;
