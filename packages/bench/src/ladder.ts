import { BenchProcess } from './child.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, takeTurns } from './rounds.js';
import { type BenchTarget, type RunningTarget, startRung } from './rungs.js';
import type { Shape } from './shapes.js';

/** All rounds of one shape: by rung, in the order of the pairs. */
export interface SuiteResult {
  readonly shape: string;
  readonly says: string;
  readonly figure: string;
  /** True: less is better. */
  readonly less: boolean;
  readonly rounds: ReadonlyMap<string, readonly BenchRound[]>;
  /** The rung that each other one is divided by; absent: ours is divided by each. */
  readonly base?: string;
}

export interface SuitePlan {
  readonly rungs: readonly BenchTarget[];
  readonly pairs: number;
  readonly seconds: number;
  /** Instead of what the shape wants. */
  readonly warmUps?: number;
  readonly say: (line: string) => void;
}

async function play(rung: RunningTarget, shape: Shape, seconds: number, generator: BenchProcess): Promise<BenchRound> {
  const { wire, pids } = rung;
  const { window, perSecond, connections, figure } = shape;
  const seats = await rung.seat(shape);
  const before = await rung.written();
  const job = { wire, serverPids: pids, seats, window, perSecond, connections, seconds };
  const { outcome } = await generator.ask<{ outcome: JobOutcome }>(job);
  const after = await rung.written();
  const { p50Ms, p99Ms, generatorShare, faults } = outcome;
  return {
    value: figure === 'ms to hear' ? p50Ms : outcome.deliveries / outcome.serverCpuSeconds,
    p99Ms,
    framesPerWrite: (after.frames - before.frames) / (after.writes - before.writes),
    generatorShare,
    faults,
  };
}

function wordsFor({ value, framesPerWrite, generatorShare, faults }: BenchRound): string {
  const figures = `${value.toPrecision(4)}, ${framesPerWrite.toFixed(1)} frames per write, generator ${generatorShare.toFixed(2)}`;
  return faults.length === 0 ? figures : `${figures} INVALID: ${faults.join('; ')}`;
}

/** The rungs of a shape that can play it. */
export function climb(name: string, shape: Shape, plan: SuitePlan): Promise<SuiteResult> {
  const chosen = plan.rungs.filter((rung) => canPlay(rung, shape));
  return climbInTurn(name, shape, new Map(chosen.map((rung) => [rung, () => startRung(rung)])), plan);
}

/** What is started plays in turn. */
export async function climbInTurn(
  name: string,
  shape: Shape,
  starts: ReadonlyMap<string, () => Promise<RunningTarget>>,
  plan: SuitePlan,
): Promise<SuiteResult> {
  const running = new Map<string, RunningTarget>();
  const generator = new BenchProcess('load/main.js');
  try {
    for (const [rung, start] of starts) running.set(rung, await start());
    const players = new Map(
      [...running].map(([rung, server]) => [rung, () => play(server, shape, plan.seconds, generator)]),
    );
    const rounds = await takeTurns(players, { name, ...plan, warmUps: plan.warmUps ?? shape.warmUps, wordsFor });
    return { shape: name, says: shape.says, figure: shape.figure, less: shape.figure === 'ms to hear', rounds };
  } finally {
    await Promise.all([generator.stop(), ...[...running.values()].map((server) => server.stop())]);
  }
}

/** WebSocket shares no connections, and only ours keeps anything. */
function canPlay(rung: BenchTarget, shape: Shape): boolean {
  if (shape.keeps === true) return rung === 'ours';
  return shape.connections === undefined || rung !== 'ws';
}
