/**
 * A page of the workers whose leases are good, with what they told last.
 *
 * ARGV: cursor.
 * Returns: {next cursor, Redis's time in ms, for each of them {worker, when its lease runs out, number and JSON or nothing}}.
 *
 * Writes nothing.
 */
export const workersScript = String.raw`
local PAGE = 100
local page, found = call('ZSCAN', workers, ARGV[1], 'COUNT', PAGE), {}
for i = 1, #page[2], 2 do
  local worker, expiry = page[2][i], tonumber(page[2][i + 1])
  if expiry > now then
    found[#found + 1] = {worker, math.floor(expiry), call('HGET', workers .. ':info', worker)}
  end
end
return {page[1], now, found}
`;
