import type { DraftKey } from '../storage/database.js';

/**
 * Stores drafts one after the other. While one is being written, only the latest text of each draft
 * waits, so that a slow disk does not queue a write for each key press.
 */
export class DraftSaver {
  readonly #write: (key: DraftKey, text: string) => Promise<void>;
  readonly #waiting = new Map<string, { readonly key: DraftKey; readonly text: string }>();
  #writing: Promise<void> | undefined;

  constructor(write: (key: DraftKey, text: string) => Promise<void>) {
    this.#write = write;
  }

  /** Stores a text as soon as all that wait before it are stored. */
  save(key: DraftKey, text: string): void {
    this.#waiting.set(`${key}`, { key, text });
    this.#writing ??= this.#writeAll();
  }

  /** Returns the latest text of a draft, if it waits to be stored. */
  waiting(key: DraftKey): string | undefined {
    return this.#waiting.get(`${key}`)?.text;
  }

  /** Resolves when nothing waits any more. */
  async saved(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (const [name, { key, text }] of this.#waiting) {
      this.#waiting.delete(name);
      await this.#write(key, text);
    }
    this.#writing = undefined;
  }
}
