import type { ChildProcess } from 'node:child_process';

/** Sends a signal to a child process when the drill exits before it, for example because of Ctrl-C. */
export function endWithDrill(child: ChildProcess, signal: NodeJS.Signals): void {
  const end = () => child.kill(signal);
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}
