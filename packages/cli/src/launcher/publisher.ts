import type { Part } from '@parley/runtime';
import { errorText } from '../failure.js';
import type { RunFacts } from '../run-file.js';
import type { DataFolder } from './data-folder.js';

const againMs = 1_000;

/**
 * Writes the facts for other commands. If a write fails, for example on a full disk, reports the
 * failure once and retries.
 */
export class FactsPublisher implements Part {
  readonly #folder: DataFolder;
  readonly #facts: () => RunFacts;
  readonly #print: (line: string) => void;
  #writing = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #failing = false;
  #stopped = false;

  constructor(folder: DataFolder, facts: () => RunFacts, print: (line: string) => void) {
    this.#folder = folder;
    this.#facts = facts;
    this.#print = print;
  }

  /** Writes the facts after a change. Resolves after one attempt and never rejects. */
  publish(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#again);
    if (this.#stopped) return;
    try {
      await this.#folder.publish(this.#facts());
      if (this.#failing) this.#print('the list of running processes can be written again');
      this.#failing = false;
    } catch (cause) {
      if (!this.#failing)
        this.#print(`the list of running processes cannot be written (${errorText(cause)}); retrying`);
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
