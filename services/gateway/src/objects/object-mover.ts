import { createHash } from 'node:crypto';
import { type Logger, type Metrics, type Part, refuse, repeat } from '@parley/runtime';
import type { FileStore } from '../files/file-store.js';
import { Deliveries } from '../outbound/deliveries.js';
import type { FileToMove, ObjectStore } from './object-store.js';
import type { S3Bucket, S3Upload } from './s3-bucket.js';
import { S3Problem } from './s3-problem.js';

/** Number of files that a gateway moves at the same time, and of objects that it deletes. */
const atOnce = 4;
/** Time after a failure of S3 in which nothing is moved or deleted. */
const pauseMs = 10_000;
/** Thrown while the bytes of a file are read, if the database does not have them any more. */
const gone = new Error('The file was deleted or moved.');

export interface ObjectMoverDeps {
  readonly bucket: S3Bucket;
  readonly objects: ObjectStore;
  readonly files: FileStore;
  /** Bytes that may wait in the database while S3 does not respond. */
  readonly mostWaiting: number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Moves the bytes of complete files from the database into S3, and deletes the objects of deleted files. */
export class ObjectMover implements Part {
  readonly #deps: ObjectMoverDeps;
  readonly #parts: readonly Part[];
  readonly #uploads = new Set<AbortController>();
  readonly #counts = { moved: 0, deleted: 0, failed: 0 };
  #waiting = 0;
  #said: string | undefined;
  #pausedUntil = 0;

  constructor(deps: ObjectMoverDeps) {
    this.#deps = deps;
    const { bucket, objects, log, metrics } = deps;
    metrics.gauge('parley_files_waiting_bytes', 'bytes of files that wait in the database for S3', () => this.#waiting);
    metrics.totals('parley_objects_total', 'objects in S3, by result', 'result', () => this.#counts);
    const failed = (err: unknown) => log.warn({ err }, 'files could not be moved into S3; retrying');
    const whenServed = <T>(take: (size: number) => Promise<T[]>) => {
      return async (size: number) => (performance.now() < this.#pausedUntil ? [] : take(size));
    };
    const take = whenServed((size) => objects.takeFiles(size));
    const takeGone = whenServed((size) => objects.takeGone(size));
    this.#parts = [
      new Deliveries({ most: atOnce, take, deliver: (file) => this.#move(file), failed }),
      new Deliveries({ most: atOnce, take: takeGone, deliver: (id) => this.#delete(id), failed }),
      repeat(pauseMs, 0.1, () => this.#measure(bucket), failed),
    ];
  }

  /** Ends the uploads, which begin again later. */
  async stop(): Promise<void> {
    for (const upload of this.#uploads) upload.abort();
    await Promise.all(this.#parts.map((part) => part.stop()));
  }

  /** @throws {Refusal} `files-away` if S3 does not respond and too many bytes wait for it. */
  checkRoom(): void {
    const { bucket, mostWaiting } = this.#deps;
    if (bucket.problem !== undefined && this.#waiting > mostWaiting) throw refuse('files-away');
  }

  /** Measures how much waits. If S3 had a problem, checks whether it still has. */
  async #measure(bucket: S3Bucket): Promise<void> {
    this.#waiting = await this.#deps.objects.waitingBytes();
    if (bucket.problem !== undefined) await bucket.check().catch(() => {});
    this.#reportProblem();
  }

  /** Logs a problem of S3 once, and its end. */
  #reportProblem(): void {
    const { bucket, log } = this.#deps;
    const says = bucket.problem?.message;
    if (says === this.#said) return;
    this.#said = says;
    if (says === undefined) log.info('S3 serves requests again');
    else log.error({ err: bucket.problem?.cause }, says);
  }

  async #move({ objectId, fileId, size, withinMs }: FileToMove): Promise<void> {
    const { objects } = this.#deps;
    await this.#attempt(objectId, async () => {
      const hash = createHash('sha256');
      for await (const piece of this.#bytesOf(fileId, size)) hash.update(piece);
      const bytes = this.#bytesOf(fileId, size);
      await this.#upload({ key: objectId, size, sha256: hash.digest('hex'), bytes }, withinMs);
      if (await objects.finishMove(objectId)) this.#counts.moved += 1;
    });
  }

  async #upload(object: Omit<S3Upload, 'signal'>, withinMs: number): Promise<void> {
    const upload = new AbortController();
    const timer = setTimeout(() => upload.abort(), withinMs);
    this.#uploads.add(upload);
    try {
      await this.#deps.bucket.put({ ...object, signal: upload.signal });
    } finally {
      clearTimeout(timer);
      this.#uploads.delete(upload);
    }
  }

  async #delete(objectId: string): Promise<void> {
    const { bucket, objects } = this.#deps;
    await this.#attempt(objectId, async () => {
      await bucket.delete(objectId);
      await objects.forget(objectId);
      this.#counts.deleted += 1;
    });
  }

  /** Runs `work`. After a failure, leaves the object alone for a minute, and S3 for a while. */
  async #attempt(objectId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      await this.#deps.objects.postpone(objectId);
      if (thrown === gone) return;
      this.#counts.failed += 1;
      if (!(thrown instanceof S3Problem)) throw thrown;
      this.#pausedUntil = performance.now() + pauseMs;
      this.#reportProblem();
    }
  }

  /** Yields the bytes of a file in the database, piece by piece. @throws `gone` */
  async *#bytesOf(fileId: string, size: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < size; ) {
      const piece = await this.#deps.files.read(fileId, at);
      if (piece === undefined || 'objectId' in piece) throw gone;
      yield piece.data;
      at += piece.data.length;
    }
  }
}
