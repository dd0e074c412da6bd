const RECENT_MAX = 1_000;

/** Notes that tasks have ended, in a list of those that did so last. As text, since a function costs each call of a script. @param ids a table */
export const noteEnded = (ids: string): string => `
call('LPUSH', recent, unpack(${ids}))
call('LTRIM', recent, 0, ${RECENT_MAX - 1})
`;
