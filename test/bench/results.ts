import { FIGURES, FIGURE_NAMES, type FigureName, type Figures } from './figures.js';
import { spread, type Spread } from './statistics.js';

/** What the rounds of one workload gave: per peer, one entry per round. */
export type Rounds = ReadonlyMap<string, readonly Figures[]>;

/** One figure of one peer. */
export interface ResultRow {
  figure: FigureName;
  peer: string;
  spread: Spread;
  /** The first peer's figure divided by this one's: in all rounds, and its median. `null` where that says nothing. */
  ratio: { median: number; rounds: readonly number[] } | null;
}

/** By figure, then by peer. A ratio compares what was measured in the same round, one right after the other. */
export function summarize(rounds: Rounds): ResultRow[] {
  const [first] = rounds.keys();
  return FIGURE_NAMES.flatMap((figure) => {
    const values = (peer: string): number[] =>
      (rounds.get(peer) ?? []).map((figures) => figures[figure]).filter((value) => value !== undefined);
    return [...rounds.keys()]
      .filter((peer) => values(peer).length > 0)
      .map((peer): ResultRow => {
        const own = values(peer);
        const row = { figure, peer, spread: spread(own) };
        if (!FIGURES[figure].compared || peer === first || first === undefined) return { ...row, ratio: null };
        const ratios = values(first).map((value, round) => value / (own[round] ?? Number.NaN));
        return { ...row, ratio: { median: spread(ratios).median, rounds: ratios } };
      });
  });
}
