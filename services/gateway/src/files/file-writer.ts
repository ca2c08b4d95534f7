import type { FileStore } from './file-store.js';

/** Size of a stored piece, in bytes, unless the upload ends earlier. */
const pieceBytes = 65_536;

/** Stores the bytes of one upload in pieces, and holds at most one piece in memory. */
export class FileWriter {
  readonly #store: FileStore;
  readonly #fileId: string;
  readonly #hold: (bytes: number) => void;
  #at: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  /** Continues a file at `at`. Calls `hold` with the change in the bytes that it holds. */
  constructor(store: FileStore, fileId: string, at: number, hold: (bytes: number) => void) {
    this.#store = store;
    this.#fileId = fileId;
    this.#at = at;
    this.#hold = hold;
  }

  /** Bytes that are stored. */
  get stored(): number {
    return this.#at;
  }

  /** Bytes that are stored or wait. */
  get size(): number {
    return this.#at + this.#waitingBytes;
  }

  /**
   * Takes more bytes.
   * @throws {Refusal} `wrong-offset` if another upload of the same file has stored bytes.
   */
  async write(bytes: Buffer): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#hold(bytes.length);
    if (this.#waitingBytes >= pieceBytes) await this.flush();
  }

  /** Stores the bytes that wait. @throws {Refusal} as `write` does. */
  async flush(): Promise<void> {
    const [bytes, all] = [this.#waitingBytes, Buffer.concat(this.#waiting)];
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      for (let from = 0; from < bytes; from += pieceBytes) {
        const piece = all.subarray(from, from + pieceBytes);
        await this.#store.write(this.#fileId, this.#at, piece);
        this.#at += piece.length;
      }
    } finally {
      this.#hold(-bytes);
    }
  }
}
