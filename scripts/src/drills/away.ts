import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Cluster } from './cluster.js';
import { Crowd } from './crowd.js';
import { judge } from './durable.js';
import { Probe } from './probe.js';
import { allAcked, silences } from './silence.js';

export interface AwayOptions {
  readonly seconds: number;
  /** Stopped by SIGSTOP, so that connections hang; else ended, so that they break. */
  readonly frozen: boolean;
  readonly tell: (line: string) => void;
}

const shape = { chatServers: 2, channels: 4, each: 5, perSecond: 600 };
const backWithinMs = 3_000;

/** A process and those that it has made. */
async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0)];
}

async function signalDatabase({ databasePid }: Cluster, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  for (const pid of await familyOf(databasePid)) process.kill(pid, signal);
}

/** Takes the database away; resolves with how it comes back. */
async function takeAway(cluster: Cluster, frozen: boolean): Promise<() => Promise<void>> {
  if (!frozen) {
    await cluster.stopDatabase();
    return () => cluster.startDatabase();
  }
  await signalDatabase(cluster, 'SIGSTOP');
  return () => signalDatabase(cluster, 'SIGCONT');
}

/** How long after the database the first ack came in every channel; infinite where it did not. */
async function comeBack(crowd: Crowd, giveBack: () => Promise<void>, tell: AwayOptions['tell']): Promise<number> {
  const asked = performance.now();
  await giveBack();
  const up = performance.now();
  const isBack = await allAcked(crowd, asked, 30_000);
  const backMs = isBack ? Math.round(performance.now() - up) : Number.POSITIVE_INFINITY;
  tell(`database up after ${Math.round(up - asked)} ms; every channel acked ${backMs} ms after that`);
  return backMs;
}

async function play(cluster: Cluster, crowd: Crowd, { seconds, frozen, tell }: AwayOptions): Promise<string[]> {
  const probe = await Probe.start(cluster, crowd);
  const since = performance.now();
  const giveBack = await takeAway(cluster, frozen);
  tell(`the database is ${frozen ? 'frozen' : 'ended'} for ${seconds} s`);
  await probe.askFor(seconds);
  const backMs = await comeBack(crowd, giveBack, tell);
  await pause(3_000);
  tell(`longest silence: ${silences(crowd, since).join(', ')} ms`);
  for (const line of probe.lines) tell(line);
  const broken = probe.complaints();
  if (backMs > backWithinMs) broken.push(`back after ${backMs} ms, not ${backWithinMs}`);
  probe.leave();
  return broken;
}

/** The database is away under load; resolves with what was not as it should be. */
export async function awayDrill(options: AwayOptions): Promise<string[]> {
  const cluster = await Cluster.start(shape.chatServers);
  const crowd = await Crowd.gather(cluster, shape.channels, shape.each);
  const begun = performance.now();
  crowd.talk(shape.perSecond);
  await pause(2_000);
  try {
    const broken = await play(cluster, crowd, options);
    const { faults, unanswered } = await judge(crowd, (performance.now() - begun) / 1_000, options.tell);
    options.tell(`services that ended: ${cluster.ended.length}`);
    return [
      ...broken,
      ...unanswered,
      ...faults.map(({ words }) => words),
      ...cluster.ended.map((words) => `ended: ${words}`),
    ];
  } finally {
    await crowd.leave();
    await cluster.stop();
  }
}
