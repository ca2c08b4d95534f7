import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { checkHistory, countFaults, type Fault, type RecordedHistory } from '@parley/testkit';
import { Cluster, type Victim, victims } from './cluster.js';
import { Crowd } from './crowd.js';
import { allAcked, quantile, silences } from './silence.js';

export interface DurableOptions {
  readonly rounds: number;
  /** A round lasts at least so long, at most so long, and until every channel is acked again. */
  readonly restMs: readonly [least: number, most: number];
  readonly tell: (line: string) => void;
}

export interface DurableResult {
  readonly histories: readonly RecordedHistory[];
  readonly faults: readonly Fault[];
  /** Sends without any answer. */
  readonly unanswered: readonly string[];
  /** Rounds after which a channel was not acked again in time. */
  readonly stuck: number;
  /** Services that ended by themselves. */
  readonly ended: readonly string[];
}

const shape = { chatServers: 2, channels: 4, each: 5, perSecond: 600 };
const ackedWithinMs = 30_000;
const shownFaults = 20;

interface Round {
  readonly victim: Victim;
  /** Until the new one listened. */
  readonly upMs: number;
  readonly silentMs: readonly number[];
  readonly stuck: boolean;
}

async function playRound(cluster: Cluster, crowd: Crowd, victim: Victim, restMs: number): Promise<Round> {
  const since = performance.now();
  await cluster.replace(victim);
  const up = performance.now();
  const stuck = !(await allAcked(crowd, up, ackedWithinMs));
  await pause(Math.max(0, since + restMs - performance.now()));
  return { victim, upMs: Math.round(up - since), silentMs: silences(crowd, since), stuck };
}

function quantilesOf(rounds: readonly Round[]): string {
  const worst = rounds.map(({ silentMs }) => Math.max(...silentMs));
  return `p50 ${quantile(worst, 0.5)} ms, p95 ${quantile(worst, 0.95)} ms, most ${quantile(worst, 1)} ms`;
}

/** What a history came to, a line each. */
export function report(histories: readonly RecordedHistory[], faults: readonly Fault[], seconds: number): string[] {
  const acked = histories.reduce((sum, one) => sum + one.acked.length, 0);
  const stored = histories.reduce((sum, one) => sum + one.stored.length, 0);
  const heard = histories.flatMap(({ readers }) => readers.flatMap((one) => one.heard));
  const told = (is: string) => heard.filter((one) => one.is === is).length;
  return [
    `acked: ${acked} in ${seconds.toFixed(0)} s, ${(acked / seconds).toFixed(0)} a second; stored: ${stored}; heard: ${told('entry')}`,
    ...Object.entries(countFaults(faults)).map(([kind, count]) => `${kind}: ${count}`),
    `gaps told: ${told('gap')}; resets told: ${told('reset')}`,
    ...faults.slice(0, shownFaults).map(({ kind, words }) => `  ${kind} · ${words}`),
  ];
}

function sum(crowd: Crowd, which: 'refused' | 'reconnected'): string {
  const counts = new Map<string, number>();
  for (const one of crowd.talkers) {
    for (const [reason, n] of one[which]) counts.set(reason, (counts.get(reason) ?? 0) + n);
  }
  return [...counts].map(([reason, n]) => `${reason} ${n}`).join(', ') || 'none';
}

/** Drains, reads the table, checks and tells. */
export async function judge(crowd: Crowd, seconds: number, tell: (line: string) => void) {
  const over = crowd.talkers.filter((one) => one.over !== undefined);
  const drained = performance.now();
  const unanswered = await crowd.drain();
  tell(`drained in ${((performance.now() - drained) / 1_000).toFixed(1)} s`);
  const histories = await crowd.histories();
  const faults = histories.flatMap(checkHistory);
  for (const line of report(histories, faults, seconds)) tell(line);
  tell(`connections opened again: ${sum(crowd, 'reconnected')}; sends given back: ${sum(crowd, 'refused')}`);
  for (const words of unanswered) tell(`never answered: ${words}`);
  for (const { name, over: reason } of over) tell(`${name}'s conversation ended: ${reason}`);
  return { histories, faults, unanswered };
}

function lineOf({ victim, upMs, silentMs, stuck }: Round): string {
  const silence = `longest silence ${silentMs.join(', ')} ms${stuck ? ' — STUCK' : ''}`;
  return `kill -9 of ${victim}: another one up after ${upMs} ms, ${silence}`;
}

async function playRounds(cluster: Cluster, crowd: Crowd, { rounds, restMs, tell }: DurableOptions): Promise<Round[]> {
  const [least, most] = restMs;
  const played: Round[] = [];
  for (let n = 0; n < rounds; n++) {
    const victim = victims[n % victims.length] as Victim;
    const round = await playRound(cluster, crowd, victim, least + Math.random() * (most - least));
    tell(`${n + 1}. ${lineOf(round)}`);
    played.push(round);
  }
  return played;
}

/** Kills each part of a busy Parley in turn, and proves by what everybody heard that nothing acked was lost. */
export async function durableDrill(options: DurableOptions): Promise<DurableResult> {
  const { tell } = options;
  const cluster = await Cluster.start(shape.chatServers);
  const crowd = await Crowd.gather(cluster, shape.channels, shape.each);
  const begun = performance.now();
  crowd.talk(shape.perSecond);
  await pause(1_000);
  try {
    const rounds = await playRounds(cluster, crowd, options);
    tell(`rounds: ${rounds.length}`);
    const { histories, faults, unanswered } = await judge(crowd, (performance.now() - begun) / 1_000, tell);
    for (const victim of victims) {
      tell(`recovery from ${victim}: ${quantilesOf(rounds.filter((one) => one.victim === victim))}`);
    }
    tell(`recovery: ${quantilesOf(rounds)}`);
    for (const words of cluster.ended) tell(`ended by itself: ${words}`);
    return { histories, faults, unanswered, stuck: rounds.filter(({ stuck }) => stuck).length, ended: cluster.ended };
  } finally {
    await crowd.leave();
    await cluster.stop();
  }
}
