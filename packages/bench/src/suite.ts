import { BenchProcess } from './child.js';
import type { JobOutcome } from './load/job.js';
import { type BenchRound, playInTurn } from './rounds.js';
import type { Shape } from './shapes.js';
import { type BenchTarget, type RunningTarget, startTarget } from './targets.js';

/** All rounds of one shape, by target, in the order of the pairs. */
export interface SuiteResult {
  readonly shape: string;
  readonly description: string;
  readonly figure: string;
  /** Whether a lower value is better. */
  readonly lowerIsBetter: boolean;
  readonly rounds: ReadonlyMap<string, readonly BenchRound[]>;
  /**
   * Target to which the others are compared: their ratio is their own value divided by its value.
   * Default: the ratio of a target is the value of `ours` divided by its own.
   */
  readonly base?: string;
}

/** Plan for running every shape. */
export interface SuitePlan {
  readonly targets: readonly BenchTarget[];
  readonly pairs: number;
  readonly seconds: number;
  /** Overrides the warm-up rounds of the shape. */
  readonly warmUps?: number;
  readonly log: (line: string) => void;
}

/** Plays one round of a shape on a running target. */
export async function play(
  target: RunningTarget,
  shape: Shape,
  seconds: number,
  generator: BenchProcess,
): Promise<BenchRound> {
  const { wire, pids } = target;
  const { window, perSecond, connections, receipts, figure } = shape;
  const seats = await target.seat(shape);
  const before = await target.written();
  const job = { wire, serverPids: pids, seats, window, perSecond, connections, receipts, seconds };
  const { outcome } = await generator.ask<{ outcome: JobOutcome }>(job);
  const after = await target.written();
  const { p50Ms, p99Ms, generatorShare, faults } = outcome;
  return {
    value: figure === 'ms to receive' ? p50Ms : outcome.deliveries / outcome.serverCpuSeconds,
    p99Ms,
    framesPerWrite: (after.frames - before.frames) / (after.writes - before.writes),
    generatorShare,
    faults,
  };
}

/** Describes a round of deliveries. */
export function describeDeliveries({ value, framesPerWrite, generatorShare, faults }: BenchRound): string {
  const figures = `${value.toPrecision(4)}, ${framesPerWrite.toFixed(1)} frames per write, generator ${generatorShare.toFixed(2)}`;
  return faults.length === 0 ? figures : `${figures} INVALID: ${faults.join('; ')}`;
}

/** Runs a shape on every target that supports it. */
export function runShape(name: string, shape: Shape, plan: SuitePlan): Promise<SuiteResult> {
  const chosen = plan.targets.filter((target) => supports(target, shape));
  return runInTurn(name, shape, new Map(chosen.map((target) => [target, () => startTarget(target)])), plan);
}

/** Runs a shape on the given targets in turn. */
export async function runInTurn(
  name: string,
  shape: Shape,
  starts: ReadonlyMap<string, () => Promise<RunningTarget>>,
  plan: SuitePlan,
): Promise<SuiteResult> {
  const running = new Map<string, RunningTarget>();
  const generator = new BenchProcess('load/main.js');
  try {
    for (const [target, start] of starts) running.set(target, await start());
    const players = new Map(
      [...running].map(([target, server]) => [target, () => play(server, shape, plan.seconds, generator)]),
    );
    const rounds = await playInTurn(players, {
      name,
      ...plan,
      warmUps: plan.warmUps ?? shape.warmUps,
      describe: describeDeliveries,
    });
    return {
      shape: name,
      description: shape.description,
      figure: shape.figure,
      lowerIsBetter: shape.figure === 'ms to receive',
      rounds,
    };
  } finally {
    await Promise.all([generator.stop(), ...[...running.values()].map((server) => server.stop())]);
  }
}

/**
 * Returns whether a target supports a shape: `ws` cannot share connections, and only `ours` stores
 * messages.
 */
function supports(target: BenchTarget, shape: Shape): boolean {
  if (shape.isStored === true) return target === 'ours';
  return shape.connections === undefined || target !== 'ws';
}
