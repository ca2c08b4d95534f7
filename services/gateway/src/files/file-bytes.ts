import { type Logger, refuse } from '@parley/runtime';
import type { S3Bucket } from '../objects/s3-bucket.js';
import { S3Problem } from '../objects/s3-problem.js';
import type { FileStore } from './file-store.js';

/** Number of bytes that are read from S3 at once. */
const windowBytes = 524_288;

/** Reads the bytes of files, from PostgreSQL or from S3. */
export class FileBytes {
  readonly #store: FileStore;
  readonly #bucket: S3Bucket | undefined;
  readonly #log: Logger;

  constructor(store: FileStore, bucket: S3Bucket | undefined, log: Logger) {
    this.#store = store;
    this.#bucket = bucket;
    this.#log = log;
  }

  /**
   * Returns bytes of a file that begin at `at` and do not pass `last`, as many as are at hand;
   * undefined if the file is gone.
   * @throws {Refusal} `files-away`
   */
  async read(fileId: string, at: number, last: number): Promise<Buffer | undefined> {
    const piece = await this.#store.read(fileId, at);
    if (piece === undefined) return undefined;
    if ('objectId' in piece) return this.#fromBucket(piece.objectId, at, Math.min(last, at + windowBytes - 1));
    return piece.data.subarray(at - piece.at, last - piece.at + 1);
  }

  /** Yields the first `size` bytes of a file, piece by piece. @throws {Refusal} `files-away` or `file-not-found`. */
  async *all(fileId: string, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; ) {
      const bytes = await this.read(fileId, at, size - 1);
      if (bytes === undefined) throw refuse('file-not-found');
      yield bytes;
      at += bytes.length;
    }
  }

  async #fromBucket(objectId: string, first: number, last: number): Promise<Buffer | undefined> {
    if (this.#bucket === undefined) throw refuse('files-away');
    // Without its cause: a connection that S3 refuses would pass for one of the database.
    const bytes = await this.#bucket.read(objectId, first, last).catch((thrown: unknown) => {
      throw thrown instanceof S3Problem ? refuse('files-away') : thrown;
    });
    if (bytes === undefined || bytes.length === 0) {
      this.#log.error({ objectId }, 'S3 does not have the object of a file');
      return undefined;
    }
    return bytes;
  }
}
