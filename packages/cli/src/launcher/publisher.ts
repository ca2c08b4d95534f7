import type { Part } from '@parley/runtime';
import type { DataFolder, RunFacts } from './data-folder.js';

const againMs = 1_000;

function words(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Tells other commands what runs; where that cannot be written, as on a full disk, it is said once and tried again. */
export class FactsPublisher implements Part {
  readonly #folder: DataFolder;
  readonly #facts: () => RunFacts;
  readonly #say: (line: string) => void;
  #writing = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #failing = false;
  #stopped = false;

  constructor(folder: DataFolder, facts: () => RunFacts, say: (line: string) => void) {
    this.#folder = folder;
    this.#facts = facts;
    this.#say = say;
  }

  /** Something has changed. Resolves after one try, and never rejects. */
  publish(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#again);
    if (this.#stopped) return;
    try {
      await this.#folder.publish(this.#facts());
      if (this.#failing) this.#say('what runs is written down again');
      this.#failing = false;
    } catch (cause) {
      if (!this.#failing) this.#say(`what runs cannot be written down (${words(cause)}); it is tried again`);
      this.#failing = true;
      this.#again = setTimeout(() => void this.publish(), againMs);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    await this.#writing;
  }
}
