import { LOG_LINES_MAX, LOG_TTL_MS } from '../../log-line.js';

/**
 * Writes what a task has logged: a part of the loop of `settling`, whose variables it uses, and no function, which would cost each call.
 * A line says which one of its attempt it is. So what an earlier call has written whose answer was lost is not written again; another
 * run of the same attempt, which did not count, was earlier.
 */
export const logging = String.raw`
      local id, first, last = name, group + 5, group + 4 + count
      if call('HEXISTS', held, id) == 1 then
        local key, HEAD = logs .. ':' .. id, '^{"at":(%d+),"attempt":(%d+),"n":(%d+)'
        local newest = note('LINDEX', key, -1)
        local at, attempt, n = string.match(type(newest) == 'string' and newest or '', HEAD)
        while at and first <= last do
          local line_at, line_attempt, line_n = string.match(ARGV[first], HEAD)
          if line_attempt ~= attempt or tonumber(line_n) > tonumber(n) or tonumber(line_at) > tonumber(at) then break end
          first = first + 1
        end
        if first <= last then
          note('RPUSH', key, unpack(ARGV, first, last))
          note('LTRIM', key, ${-LOG_LINES_MAX}, -1)
          note('PEXPIRE', key, ${LOG_TTL_MS})
          if not has_logged then note('SET', logs, 1, 'PX', ${LOG_TTL_MS}) end
          has_logged, may_have_logs = true, true
        end
      end
      group = last + 1
`;
