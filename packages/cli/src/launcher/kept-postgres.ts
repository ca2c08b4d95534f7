import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedServer, type EmbeddedSettings, startEmbedded } from '@parley/database';
import type { Part } from '@parley/runtime';

type Say = (line: string) => void;

const againAfterMs = 1_000;

/** The embedded PostgreSQL, started again at the same address when it ends by itself. */
export class KeptPostgres implements Part {
  readonly #settings: EmbeddedSettings;
  readonly #say: Say;
  #server: EmbeddedServer;
  #stopping = false;
  #reviving = Promise.resolve();

  private constructor(settings: EmbeddedSettings, server: EmbeddedServer) {
    this.#settings = settings;
    this.#say = settings.log;
    this.#server = server;
    this.#watch();
  }

  /** Throws one sentence where it cannot be started. */
  static async start(settings: EmbeddedSettings): Promise<KeptPostgres> {
    return new KeptPostgres(settings, await startEmbedded(settings));
  }

  /** The owner's, for good. */
  get url(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#reviving;
    await this.#server.stop();
  }

  #watch(): void {
    void this.#server.lost.then(() => {
      if (!this.#stopping) this.#reviving = this.#revive();
    });
  }

  async #revive(): Promise<void> {
    this.#say(`PostgreSQL is gone; it is started again in ${againAfterMs / 1_000} s`);
    const port = Number(new URL(this.url).port);
    for (;;) {
      await pause(againAfterMs);
      if (this.#stopping) return;
      try {
        this.#server = await startEmbedded({ ...this.#settings, port });
        this.#watch();
        return this.#say('PostgreSQL answers again');
      } catch (error) {
        this.#say(`${error instanceof Error ? error.message : error} It is tried again in ${againAfterMs / 1_000} s.`);
      }
    }
  }
}
