import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const frozen = new Set<number>();

/** Freezes processes, as on a paused machine, until `thaw` or the end of this process. */
export function freeze(pids: readonly number[]): void {
  for (const pid of pids) {
    process.kill(pid, 'SIGSTOP');
    frozen.add(pid);
  }
}

/** Continues every frozen process. */
export function thaw(): void {
  for (const pid of frozen) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {} // The process is gone.
  }
  frozen.clear();
}

process.once('exit', thaw);

/** Returns a process and its children. */
export async function familyOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0)];
}
