/** What is common to the scripts that put new tasks into the queue: their arguments, and which of the tasks are surely new. */
export const rows = String.raw`
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

-- When a task expires is a point in time by Redis's clock, as all others.
local keeps = ARGV[3] == '1'
local first = 5 + 2 * ARGV[4]
for i = 5, first - 1, 2 do
  local at = first + 4 * (ARGV[i] - 1) + 3
  ARGV[at] = string.sub(ARGV[at], 1, -2) .. ',"expiresAt":' .. end_of(ARGV[i + 1]) .. '}'
end

-- Generated ids are new, unless this call is sent again: then there are statuses, and each must be looked at.
local generated = {}
for i = first, keeps and #ARGV or 0, 4 do
  if ARGV[i + 2] == '' then generated[#generated + 1] = status .. ARGV[i] end
end
local are_new = #generated > 0 and call('EXISTS', unpack(generated)) == 0
`;
