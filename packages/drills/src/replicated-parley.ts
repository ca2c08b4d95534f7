import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalSystem } from './local-system.js';
import { OwnParley } from './own-parley.js';
import { PostgresPair } from './postgres-pair.js';

/** A Parley whose PostgreSQL has a standby. The drill starts both, and deletes them at the end. */
export class ReplicatedParley {
  readonly #folder: string;
  readonly #pair: PostgresPair;
  readonly #parley: OwnParley;

  private constructor(folder: string, pair: PostgresPair, parley: OwnParley) {
    this.#folder = folder;
    this.#pair = pair;
    this.#parley = parley;
  }

  /** Starts both. @throws {Error} if one does not start; then the other one does not run */
  static async start(): Promise<ReplicatedParley> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-postgres-'));
    let pair: PostgresPair | undefined;
    try {
      await chmod(folder, 0o755); // PostgreSQL runs as another user if the drill runs as root.
      pair = await PostgresPair.start(folder);
      const options = ['--chat-servers', '2', '--managers', '2', '--gateways', '2', '--database', pair.url];
      return new ReplicatedParley(folder, pair, await OwnParley.start(options));
    } catch (thrown) {
      await pair?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
      throw thrown;
    }
  }

  open(): Promise<LocalSystem> {
    return LocalSystem.open(this.#parley.data, this.#pair);
  }

  async stop(): Promise<void> {
    await this.#parley.stop();
    await this.#pair.stop();
    await rm(this.#folder, { recursive: true });
  }
}
