import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from './program.js';

const projectFolder = fileURLToPath(new URL('../../../..', import.meta.url));

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Ports below the ephemeral range. Each worker of jest has its own, because a port stays free until a service listens. */
const portRange = { first: 20_000, perWorker: 3_000, workers: 4 } as const;

/** Returns the first port of this worker. `scripts/test.mjs` runs at most two jests at once, of two workers each. */
function firstOfWorker(): number {
  const { TEST_RUN: run = '0', JEST_WORKER_ID: worker = '1' } = process.env;
  const slot = (Number(run) * 2 + Number(worker) - 1) % portRange.workers;
  return portRange.first + slot * portRange.perWorker;
}

/**
 * Finds `count` consecutive ports below the ephemeral range that are free together with the other
 * ports of a process, which are 1,000 and 2,000 higher. No other test file that runs at the same time
 * gets these ports, or the ports of a second process of a kind, which are 100 higher. Returns the
 * first port.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = firstOfWorker() + Math.floor(Math.random() * (900 - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.flatMap((port) => [port, port + 1_000, port + 2_000]).map(isFree));
    if (free.every(Boolean)) return first;
  }
}

/**
 * Finds a port for a process that a test restarts at its address. While the process is down, the
 * system gives the port to no other process. It could do so with a port that it chose itself.
 */
export async function lastingPort(): Promise<string> {
  return String(await freePorts(1));
}

/** A running `npm start`. */
export class Started extends Program {
  /** Exit code of `npm start`, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  /** Starts `npm start`. `node` is the Node executable that runs `npm start` and all services. */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, node = process.execPath) {
    const main = join(projectFolder, 'dist', 'command', 'start.js');
    super(node, [main, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = this.exited.then((code) => code ?? this.child.signalCode ?? '');
  }

  /** Returns the live child processes of `npm start` with their command lines. */
  async services(): Promise<{ pid: number; name: string }[]> {
    return (await processes()).filter(({ parent }) => parent === this.child.pid);
  }
}

async function processes(): Promise<{ pid: number; parent: number; name: string }[]> {
  const listed = await new Promise<string>((resolve) =>
    execFile('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { maxBuffer: 1e7 }, (_error, out) => resolve(out)),
  );
  const rows = listed.split('\n').map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, , state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, parent, , ...name]) => ({ pid: Number(pid), parent: Number(parent), name: name.join(' ') }));
}

/** Returns the pids that are still alive. */
export async function living(pids: readonly number[]): Promise<number[]> {
  return (await processes()).map(({ pid }) => pid).filter((pid) => pids.includes(pid));
}
