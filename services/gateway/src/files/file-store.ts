import {
  bool,
  bytea,
  int4,
  int8,
  loadSql,
  nullable,
  type Pool,
  type Queryable,
  type RowOf,
  text,
  transaction,
  uuid,
} from '@parley/database';
import { isUuid, limits, refuse } from '@parley/runtime';

const sql = loadSql('files.sql', import.meta.url);
const one = { fileId: uuid };

const createFile = sql.statement(
  'createFile',
  { ownerId: text, name: text, size: int4, mostBytes: int8, mostFiles: int4, mostOfAll: int8 },
  { made: text },
);
const writePiece = sql.statement('writePiece', { ...one, at: int4, data: bytea }, { n: int4 });
const completeFile = sql.statement('completeFile', { ...one, contentType: text }, { size: int4 });
const restartFile = sql.statement(
  'restartFile',
  { ...one, size: int4, mostBytes: int8, mostOfAll: int8 },
  { refused: nullable(text) },
);
const completePicture = sql.statement(
  'completePicture',
  { ...one, contentType: text, width: int4, height: int4, thumbnail: bytea },
  { fileId: uuid },
);
const readThumbnail = sql.statement('readThumbnail', one, { data: bytea });
const findFile = sql.statement('findFile', one, {
  id: uuid,
  ownerId: text,
  name: text,
  contentType: text,
  size: int4,
  received: int4,
  complete: bool,
  width: int4,
  height: int4,
  isPosted: bool,
  staleMs: int8,
  isAvatar: bool,
});
const readPiece = sql.statement(
  'readPiece',
  { ...one, at: int4 },
  { objectId: nullable(uuid), n: nullable(int4), data: nullable(bytea) },
);
const findMessagesWith = sql.statement(
  'findMessagesWith',
  { ...one, userId: text, size: int8 },
  { channelId: int4, seq: int8 },
);
const deleteFile = sql.statement('deleteFile', { ...one, ownerId: text }, { id: uuid });
const purgeFiles = sql.statement('purgeFiles', { size: int8 }, { id: uuid });

/** A file without its bytes. A picture has a `width`. `staleMs` is the Unix ms from which it is purged; 0: a message has it. */
export type StoredFile = RowOf<typeof findFile>;

/** Facts about a decoded picture, without its bytes. `thumbnail` is WebP. */
export interface PictureFacts {
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Buffer;
}

/** A message that has a file. */
export type MessageWithFile = RowOf<typeof findMessagesWith>;

/** Limits of files, in bytes. */
export interface FileQuotas {
  /** One file. */
  readonly fileBytes: number;
  /** All files of a user. */
  readonly userBytes: number;
  /** All files of all users. */
  readonly allBytes: number;
}

/** A part of a file that is stored together, and where it begins; or the object in S3 that has all of the file. */
export type FilePiece = { readonly at: number; readonly data: Buffer } | { readonly objectId: string };

/** Maximum number of messages that are tried for one download. */
const messagesTried = 20;
const purgedAtOnce = 20;

/** Files, and their bytes as long as they are in PostgreSQL. */
export class FileStore {
  readonly #pool: Pool;
  readonly #client: Queryable;
  readonly quotas: FileQuotas;

  /** Statements run on `client`. Default: on any connection of the pool. */
  constructor(pool: Pool, quotas: FileQuotas, client: Queryable = pool) {
    this.#pool = pool;
    this.#client = client;
    this.quotas = quotas;
  }

  /** Runs `work` with a store whose statements are one transaction. @throws the error of `work`. */
  inTransaction<T>(work: (store: FileStore) => Promise<T>): Promise<T> {
    return transaction(this.#pool, (client) => work(new FileStore(this.#pool, this.quotas, client)));
  }

  /**
   * Creates a file that reserves `size` bytes, and returns its id.
   * @throws {Refusal} `file-too-large`, `file-quota` or `files-full`.
   */
  async create(ownerId: string, name: string, size: number): Promise<string> {
    const { fileBytes, userBytes: mostBytes, allBytes: mostOfAll } = this.quotas;
    if (size > fileBytes) throw refuse('file-too-large');
    const room = { mostBytes, mostFiles: limits.filesPerUser, mostOfAll };
    const [row] = await createFile.run(this.#client, { ownerId, name, size, ...room });
    const made = row?.made ?? '';
    if (made === 'file-quota' || made === 'files-full') throw refuse(made);
    return made;
  }

  /**
   * Appends bytes to a file that has received `at` bytes.
   * @throws {Refusal} `wrong-offset` if it has received another number of bytes, or is complete.
   */
  async write(fileId: string, at: number, data: Uint8Array): Promise<void> {
    const [written] = await writePiece.run(this.#client, { fileId, at, data });
    if (written === undefined) throw refuse('wrong-offset');
  }

  /**
   * Completes a file with the bytes that it has received. Does nothing if it is already complete.
   */
  async complete(fileId: string, contentType: string): Promise<void> {
    await completeFile.run(this.#client, { fileId, contentType });
  }

  /**
   * Deletes the bytes of a file that is not complete, and reserves `size` bytes for others. Returns
   * false if the file is complete or gone.
   * @throws {Refusal} `file-too-large`, `file-quota` or `files-full`.
   */
  async restart(fileId: string, size: number): Promise<boolean> {
    const { fileBytes, userBytes: mostBytes, allBytes: mostOfAll } = this.quotas;
    if (size > fileBytes) throw refuse('file-too-large');
    const [row] = await restartFile.run(this.#client, { fileId, size, mostBytes, mostOfAll });
    const refused = row?.refused ?? undefined;
    if (refused === 'file-quota' || refused === 'files-full') throw refuse(refused);
    return refused !== undefined;
  }

  /** Completes a picture that has received all its bytes. */
  async completePicture(fileId: string, picture: PictureFacts): Promise<void> {
    await completePicture.run(this.#client, { fileId, ...picture });
  }

  /** Returns the thumbnail of a picture as WebP, or undefined if there is none. */
  async thumbnail(fileId: string): Promise<Buffer | undefined> {
    const [found] = await readThumbnail.run(this.#client, { fileId });
    return found?.data;
  }

  /** Returns a file, or undefined if there is none. */
  async find(fileId: string): Promise<StoredFile | undefined> {
    const [file] = isUuid(fileId) ? await findFile.run(this.#client, { fileId }) : [];
    return file;
  }

  /** Returns the piece of a file that has the byte `at`, or undefined if the file is gone. */
  async read(fileId: string, at: number): Promise<FilePiece | undefined> {
    const [{ objectId = null, n = null, data = null } = {}] = await readPiece.run(this.#client, { fileId, at });
    if (objectId !== null) return { objectId };
    return n === null || data === null ? undefined : { at: n, data };
  }

  /**
   * Returns messages that have the file and that the user may be able to read, the likeliest first.
   */
  messagesWith(fileId: string, userId: string): Promise<MessageWithFile[]> {
    return findMessagesWith.run(this.#client, { fileId, userId, size: messagesTried });
  }

  /** Deletes a file of its owner. Returns false if a message has it, or there is none. */
  async delete(fileId: string, ownerId: string): Promise<boolean> {
    return (await deleteFile.run(this.#client, { fileId, ownerId })).length > 0;
  }

  /** Deletes files that nobody can read any more, some at a time. Returns their number. */
  async purge(): Promise<number> {
    return (await purgeFiles.run(this.#client, { size: purgedAtOnce })).length;
  }
}
