import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedServer, type EmbeddedSettings, startEmbedded } from '@parley/database';
import type { Part } from '@parley/runtime';

type Print = (line: string) => void;

const restartAfterMs = 1_000;

/** The embedded PostgreSQL, restarted at the same address if it exits unexpectedly. */
export class SupervisedPostgres implements Part {
  readonly #settings: EmbeddedSettings;
  readonly #print: Print;
  #server: EmbeddedServer;
  #stopping = false;
  #restarting = Promise.resolve();

  private constructor(settings: EmbeddedSettings, server: EmbeddedServer) {
    this.#settings = settings;
    this.#print = settings.log;
    this.#server = server;
    this.#watch();
  }

  /**
   * Starts PostgreSQL.
   * @throws {Error} if it cannot start
   */
  static async start(settings: EmbeddedSettings): Promise<SupervisedPostgres> {
    return new SupervisedPostgres(settings, await startEmbedded(settings));
  }

  /** The owner's URL. It stays the same after a restart. */
  get url(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#restarting;
    await this.#server.stop();
  }

  #watch(): void {
    void this.#server.lost.then(() => {
      if (!this.#stopping) this.#restarting = this.#restart();
    });
  }

  async #restart(): Promise<void> {
    this.#print(`PostgreSQL exited; restarting it in ${restartAfterMs / 1_000} s`);
    const port = Number(new URL(this.url).port);
    for (;;) {
      await pause(restartAfterMs);
      if (this.#stopping) return;
      try {
        this.#server = await startEmbedded({ ...this.#settings, port });
        this.#watch();
        return this.#print('PostgreSQL is back');
      } catch (error) {
        this.#print(`${error instanceof Error ? error.message : error} Retrying in ${restartAfterMs / 1_000} s.`);
      }
    }
  }
}
