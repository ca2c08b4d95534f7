import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const frozen = new Set<number>();

/** Stops processes as a paused machine would. They go on by `thaw`, or when this process ends, however early. */
export function freeze(pids: readonly number[]): void {
  for (const pid of pids) {
    process.kill(pid, 'SIGSTOP');
    frozen.add(pid);
  }
}

/** Those that were frozen go on. */
export function thaw(): void {
  for (const pid of frozen) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {} // it is gone
  }
  frozen.clear();
}

process.once('exit', thaw);

/** A process and those that it has made. */
export async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0)];
}
