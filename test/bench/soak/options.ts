import { parseArgs } from 'node:util';

export interface SoakOptions {
  minutes: number;
  /** How many samples are taken in that time. */
  samples: number;
  /** Where to write samples and summary; `null` for nowhere. */
  json: string | null;
}

const DEFAULT_MINUTES = 10;
const SAMPLES = 60;
const QUICK: Pick<SoakOptions, 'minutes' | 'samples'> = { minutes: 0.1, samples: 12 };

export const USAGE = `npm run soak -- [options]

  --minutes <n>      how long the load goes on (${DEFAULT_MINUTES}); ${SAMPLES} samples are taken in that time
  --quick            a few seconds: proves that everything runs, the figures mean nothing
  --json <file>      write samples and summary there
  --help             show this`;

/** @returns `null` if help was asked for. @throws Error with a message for the user */
export function readOptions(args: readonly string[]): SoakOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const json = values.json ?? null;
  if (values.quick) return { ...QUICK, json };
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  if (!(minutes > 0 && minutes < Infinity)) throw new Error(`--minutes is a number above 0, not ${values.minutes}.`);
  return { minutes, samples: SAMPLES, json };
}
