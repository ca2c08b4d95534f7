import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectFolder } from '../src/options.js';

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The first of `count` ports that are free together with their admin ports, below those that are given out at random. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(ports.flatMap((port) => [port, port + 1_000]).map(isFree));
    if (free.every(Boolean)) return first;
  }
}

/** A supervisor as its own process, and what it has said. */
export class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  #said = '';

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const main = join(projectFolder, 'scripts', 'dist', 'src', 'start.js');
    this.child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#said += chunk;
      });
    }
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(code ?? signal ?? '')));
  }

  get said(): string {
    return this.#said;
  }

  /** Waits until it says this. Throws with all it said where it does not. */
  async says(words: string, withinMs = 20_000): Promise<void> {
    for (const end = Date.now() + withinMs; Date.now() < end; await pause(20)) {
      if (this.#said.includes(words)) return;
    }
    throw new Error(`never said "${words}":\n${this.#said}`);
  }

  /** The living processes below it, by the words of their command line. */
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

/** Which of these processes still live. */
export async function living(pids: readonly number[]): Promise<number[]> {
  return (await processes()).map(({ pid }) => pid).filter((pid) => pids.includes(pid));
}
