import { parseArgs } from 'node:util';
import { PEER_NAMES } from './peers/index.js';
import { WORKLOADS } from './workloads/index.js';
import type { Workload } from './workload.js';

export interface BenchOptions {
  rounds: number;
  quick: boolean;
  workloads: readonly Workload[];
  /** The first one is what the others are compared with. */
  peers: readonly string[];
  /** `--peers` was given: then these take part in everything that they can do. */
  peersAreChosen: boolean;
  /** Where to write all figures; `null` for nowhere. */
  json: string | null;
}

const DEFAULT_ROUNDS = 5;
const NAME_WIDTH = Math.max(...WORKLOADS.map(({ name }) => name.length));

export const USAGE = `npm run bench -- [options]

  --rounds <n>       how often each workload is measured with each peer (${DEFAULT_ROUNDS})
  --only <names>     only these workloads, separated by commas:
${WORKLOADS.map(({ name, title }) => `                     ${name.padEnd(NAME_WIDTH)}  ${title}`).join('\n')}
  --peers <names>    only these peers, separated by commas, and in all that they can do:
                     ${PEER_NAMES.join(', ')}
  --quick            one round with few tasks: proves that everything runs, the figures mean nothing
  --json <file>      write every figure of every round there
  --help             show this`;

/** @returns `null` if help was asked for. @throws Error with a message for the user */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      only: { type: 'string' },
      peers: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds ?? (values.quick ? 1 : DEFAULT_ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds is a whole number from 1, not ${values.rounds}.`);
  const names = select(
    '--only',
    values.only,
    WORKLOADS.map(({ name }) => name),
  );
  return {
    rounds,
    quick: values.quick,
    workloads: WORKLOADS.filter(({ name }) => names.includes(name)),
    peers: select('--peers', withVariants(values.peers), PEER_NAMES),
    peersAreChosen: values.peers !== undefined,
    json: values.json ?? null,
  };
}

/** `ours` stands for `ours:final` and its like, too. */
function withVariants(given: string | undefined): string | undefined {
  return given
    ?.split(',')
    .flatMap((peer) => [peer, ...PEER_NAMES.filter((name) => name.startsWith(`${peer.trim()}:`))])
    .join(',');
}

function select(option: string, given: string | undefined, known: readonly string[]): readonly string[] {
  if (given === undefined) return known;
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option}: there is no "${unknown}", only ${known.join(', ')}.`);
  return known.filter((name) => names.includes(name));
}
