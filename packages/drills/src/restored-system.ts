import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '@parley/cli';
import { freePorts, Program, Started } from '@parley/testkit';
import { LocalSystem } from './local-system.js';
import type { Addresses } from './witness.js';

const portOptions = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
const startsWithinMs = 120_000;

/** Runs a command of `parley` and returns what it prints. @throws {Error} if it fails */
async function parley(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const main = join(projectFolder, 'bin', 'parley.js');
  const command = new Program(process.execPath, [main, '--json', ...args], { env: { ...process.env, ...env } });
  if ((await command.end()) !== 0) throw new Error(`\`parley ${args[0]}\` failed: ${command.said}`);
  return command.said;
}

/** Returns the addresses of a system that clients need. */
export async function addressesOf(system: LocalSystem): Promise<Addresses> {
  const [gateway] = await system.gateways();
  const { userService, managers } = system;
  return { userService, managers, gateway: gateway?.http ?? '' };
}

/** Writes a backup of a running system. Returns its moment, in Unix ms. */
export async function backUp(system: LocalSystem, file: string): Promise<number> {
  const said = await parley(['backup', file], { PARLEY_DATABASE_URL: await system.ownerUrl() });
  const { moment } = JSON.parse(said) as { moment: string };
  return Date.parse(moment);
}

/** A system of its own, with a new data folder, a new database and new services, that a backup was restored into. */
export class RestoredSystem {
  readonly system: LocalSystem;
  readonly #run: Started;
  readonly #folder: string;

  private constructor(system: LocalSystem, run: Started, folder: string) {
    this.system = system;
    this.#run = run;
    this.#folder = folder;
  }

  /** Restores a backup and starts the system. */
  static async start(file: string): Promise<RestoredSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-restored-'));
    await chmod(folder, 0o755); // Its processes have users of their own.
    const data = join(folder, 'data');
    await parley(['restore', file, '--data', data]);
    const first = await freePorts(portOptions.length);
    const ports = portOptions.flatMap((name, n) => [name, String(first + n)]);
    const run = new Started(['--data', data, '--chat-servers', '1', ...ports]);
    await run.says('Press Ctrl-C to stop', startsWithinMs);
    return new RestoredSystem(await LocalSystem.open(data), run, folder);
  }

  async stop(): Promise<void> {
    await this.system.close();
    this.#run.child.kill('SIGINT');
    await this.#run.ended;
    await rm(this.#folder, { recursive: true });
  }
}
