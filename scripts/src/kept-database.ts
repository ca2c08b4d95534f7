import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedServer, startEmbedded } from '@parley/database';
import type { Part } from '@parley/runtime';

type Say = (line: string) => void;

const againMs = 1_000;

/** An embedded PostgreSQL that is started again when it ends by itself: on the same folder and the same port. */
export class KeptDatabase implements Part {
  readonly #dataDir: string;
  readonly #say: Say;
  #server: EmbeddedServer;
  #stopping = false;
  #starting: Promise<void> = Promise.resolve();

  private constructor(dataDir: string, say: Say, server: EmbeddedServer) {
    this.#dataDir = dataDir;
    this.#say = say;
    this.#server = server;
    this.#watch();
  }

  /** Throws one sentence where it cannot start. */
  static async start(dataDir: string, say: Say): Promise<KeptDatabase> {
    return new KeptDatabase(dataDir, say, await startEmbedded({ dataDir, log: say }));
  }

  /** The owner's, in every life of it. */
  get url(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#starting;
    await this.#server.stop();
  }

  #watch(): void {
    void this.#server.ended.then(() => {
      if (!this.#stopping) this.#starting = this.#startAgain();
    });
  }

  async #startAgain(): Promise<void> {
    this.#say('PostgreSQL is there no more; it is started again');
    const settings = { dataDir: this.#dataDir, port: Number(new URL(this.url).port), log: this.#say };
    while (!this.#stopping) {
      try {
        this.#server = await startEmbedded(settings);
        this.#watch();
        return this.#say('PostgreSQL takes connections again');
      } catch (error) {
        this.#say(`PostgreSQL did not start: ${error instanceof Error ? error.message : error}`);
        await pause(againMs);
      }
    }
  }
}
