/** One round of one rung. */
export interface BenchRound {
  /** The figure that is compared. */
  readonly value: number;
  readonly p99Ms: number;
  /** NaN where nothing was written. */
  readonly framesPerWrite: number;
  readonly generatorShare: number;
  readonly faults: readonly string[];
}

/** How often everybody has a turn, and what is said of each. */
export interface RoundTurns {
  readonly name: string;
  readonly pairs: number;
  /** Rounds that are said and not kept; 1 unless told. */
  readonly warmUps?: number | undefined;
  readonly say: (line: string) => void;
  readonly wordsFor: (round: BenchRound) => string;
}

/** Of something that has one figure only. */
export function roundOf(value: number, faults: readonly string[] = []): BenchRound {
  return { value, p99Ms: Number.NaN, framesPerWrite: Number.NaN, generatorShare: Number.NaN, faults };
}

/** The figure of a round and what was wrong with it. */
export function inWords(unit: string, digits: number): (round: BenchRound) => string {
  return ({ value, faults }) => [`${value.toFixed(digits)} ${unit}`, ...faults].join('; ');
}

/** Each plays a round in turn, again and again: A B C A B C. The rounds that count, by player. */
export async function takeTurns(
  players: ReadonlyMap<string, () => Promise<BenchRound>>,
  { name, pairs, warmUps = 1, say, wordsFor }: RoundTurns,
): Promise<Map<string, BenchRound[]>> {
  const rounds = new Map<string, BenchRound[]>([...players.keys()].map((player) => [player, []]));
  for (let pair = 1 - warmUps; pair <= pairs; pair++) {
    for (const [player, play] of players) {
      const round = await play();
      if (pair > 0) rounds.get(player)?.push(round);
      say(`${name} ${pair > 0 ? `${pair}/${pairs}` : 'warm-up'} ${player}: ${wordsFor(round)}`);
    }
  }
  return rounds;
}
