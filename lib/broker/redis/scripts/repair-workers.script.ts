import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks at workers whose keys were found: who holds tasks must be on the list, and no bell may ring for ever.
 *
 * ARGV: as `repairing` says; then worker ids.
 * Returns: what was found, each as kind, id, and 1 if it was mended.
 *
 * A worker that leaves, or is recovered from, takes its hash and its entry away in one step: one without the other is damage.
 * Safe to repeat.
 */
export const repairWorkers = String.raw`${envelopes}${deadLetters}${repairing}
for i = first, #ARGV do
  local worker = ARGV[i]
  if call('EXISTS', active .. worker) == 1 and not call('ZSCORE', workers, worker) then
    found('unlistedWorker', worker, function() call('ZADD', workers, 1, worker) end)
  end
  local own_bell = bell .. ':' .. worker
  if call('PTTL', own_bell) == -1 then
    found('bellWithoutExpiry', worker, function() call('PEXPIRE', own_bell, 60000) end)
  end
end
return damages
`;
