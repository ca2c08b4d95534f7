import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Unit of the times in `/proc/<pid>/stat`. */
export const ticksPerSecond = 100;
const hasProc = process.platform === 'linux';

/** Parses `[hours:]minutes:seconds`, as ps prints a time of less than a day. */
function secondsOf(clock: string): number {
  return clock
    .trim()
    .split(/[-:]/)
    .reduce((sum, part) => sum * 60 + Number(part), 0);
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
}

/** Returns the fields of `/proc/<pid>/stat`, from the state of the process on. */
export function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Returns the user and system time of a process in seconds, over all threads. */
export function cpuSeconds(pid: number): number {
  if (!hasProc) return secondsOf(ps(pid, 'time'));
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Returns the resident memory of a process in KiB. */
export function residentKb(pid: number): number {
  if (!hasProc) return Number(ps(pid, 'rss'));
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Returns a quantile of a list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A median with its range. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Returns the median and range of a list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2, least: at(0), most: at(sorted.length - 1) };
}
