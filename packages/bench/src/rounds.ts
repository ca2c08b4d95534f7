/** One round of one target. */
export interface BenchRound {
  /** The figure by which targets are compared, in the unit of the benchmark. */
  readonly value: number;
  readonly p99Ms: number;
  /** Frames per write; NaN if nothing was written. */
  readonly framesPerWrite: number;
  /** Share of one core that the load generator used. */
  readonly generatorShare: number;
  /** Reasons why the round is not valid. */
  readonly faults: readonly string[];
}

/** Number of rounds to play, and functions that report them. */
export interface RoundTurns {
  readonly name: string;
  readonly pairs: number;
  /** Rounds that are reported but do not count. Default: 1. */
  readonly warmUps?: number | undefined;
  readonly log: (line: string) => void;
  readonly describe: (round: BenchRound) => string;
}

/** Returns a round with a single figure. */
export function roundOf(value: number, faults: readonly string[] = []): BenchRound {
  return { value, p99Ms: Number.NaN, framesPerWrite: Number.NaN, generatorShare: Number.NaN, faults };
}

/** Returns a formatter for the figure and faults of a round. */
export function formatRound(unit: string, digits: number): (round: BenchRound) => string {
  return ({ value, faults }) => [`${value.toFixed(digits)} ${unit}`, ...faults].join('; ');
}

/** Plays rounds with all players in turn: A B C A B C. Returns the rounds that count, by player. */
export async function playInTurn(
  players: ReadonlyMap<string, () => Promise<BenchRound>>,
  { name, pairs, warmUps = 1, log, describe }: RoundTurns,
): Promise<Map<string, BenchRound[]>> {
  const rounds = new Map<string, BenchRound[]>([...players.keys()].map((player) => [player, []]));
  for (let pair = 1 - warmUps; pair <= pairs; pair++) {
    for (const [player, play] of players) {
      const round = await play();
      if (pair > 0) rounds.get(player)?.push(round);
      log(`${name} ${pair > 0 ? `${pair}/${pairs}` : 'warm-up'} ${player}: ${describe(round)}`);
    }
  }
  return rounds;
}
