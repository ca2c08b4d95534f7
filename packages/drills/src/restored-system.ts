import { join } from 'node:path';
import { projectFolder } from '@parley/cli';
import { Program } from '@parley/testkit';
import { LocalSystem } from './local-system.js';
import { OwnParley } from './own-parley.js';
import type { Addresses } from './witness.js';

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
  readonly #own: OwnParley;

  private constructor(system: LocalSystem, own: OwnParley) {
    this.system = system;
    this.#own = own;
  }

  /** Restores a backup and starts the system. */
  static async start(file: string): Promise<RestoredSystem> {
    const restore = (data: string) => parley(['restore', file, '--data', data]);
    const own = await OwnParley.start(['--chat-servers', '1'], restore);
    return new RestoredSystem(await LocalSystem.open(own.data), own);
  }

  async stop(): Promise<void> {
    await this.system.close();
    await this.#own.stop();
  }
}
