import { parseArgs } from 'node:util';
import { FAULTS } from './faults/index.js';
import { LEASE_MS, type RunSettings } from './settings.js';

const NAMES = FAULTS.map(({ name }) => name);
const DEFAULTS = { seed: 1, seeds: 1, tasks: 20_000, workers: 4, producers: 2, seconds: 60, every: 1_200 };

export const USAGE = `npm run chaos -- [options]

  --seed <n>         the first seed (${DEFAULTS.seed})
  --seeds <n>        how many runs, each with the next seed (${DEFAULTS.seeds})
  --tasks <n>        (${DEFAULTS.tasks})
  --workers <n>      (${DEFAULTS.workers})
  --producers <n>    (${DEFAULTS.producers})
  --seconds <n>      how long faults are injected (${DEFAULTS.seconds})
  --every <ms>       the mean time from one fault to the next (${DEFAULTS.every})
  --faults <names>   only these, separated by commas, or "none":
                     ${NAMES.join(', ')}
  --help             show this`;

/** One entry per run, or `null` if help was asked for. @throws Error with a message for the user */
export function readOptions(args: readonly string[]): RunSettings[] | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      seeds: text,
      tasks: text,
      workers: text,
      producers: text,
      seconds: text,
      every: text,
      faults: text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const number = (name: keyof typeof DEFAULTS): number => {
    const value = Number(values[name] ?? DEFAULTS[name]);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new Error(`--${name} is a whole number from 1, not ${values[name]}.`);
  };
  const first = number('seed');
  return Array.from({ length: number('seeds') }, (_, run) => ({
    seed: first + run,
    tasks: number('tasks'),
    workers: number('workers'),
    producers: number('producers'),
    seconds: number('seconds'),
    faultEveryMs: number('every'),
    faults: faultNames(values.faults),
    leaseMs: LEASE_MS,
  }));
}

function faultNames(given: string | undefined): string[] {
  if (given === undefined) return NAMES;
  if (given === 'none') return [];
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`--faults: there is no "${unknown}", only ${NAMES.join(', ')}.`);
  return names;
}
