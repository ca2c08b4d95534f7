import { bool, int4, int8, loadSql, type Queryable, type RowOf, uuid } from '@parley/database';

const sql = loadSql('objects.sql', import.meta.url);
const one = { objectId: uuid };

const takeFiles = sql.statement('takeFiles', { size: int8 }, { ...one, fileId: uuid, size: int4, withinMs: int4 });
const finishMove = sql.statement('finishMove', one, { id: uuid });
const postponeObject = sql.statement('postponeObject', one);
const takeGone = sql.statement('takeGone', { size: int8 }, { id: uuid });
const forgetObject = sql.statement('forgetObject', one);
const waitingBytes = sql.statement('waitingBytes', {}, { bytes: int8 });
const hasObjects = sql.statement('hasObjects', {}, { hasAny: bool });

/** A file whose bytes are to be moved into an object. */
export type FileToMove = RowOf<typeof takeFiles>;

/** Records of the objects in S3. */
export class ObjectStore {
  readonly #client: Queryable;

  constructor(client: Queryable) {
    this.#client = client;
  }

  /** Takes up to `size` files to move. Another gateway takes them after `withinMs` and a minute. */
  takeFiles(size: number): Promise<FileToMove[]> {
    return takeFiles.run(this.#client, { size });
  }

  /** Deletes the bytes of a file in the database, because an object has them. Returns false if the file is gone. */
  async finishMove(objectId: string): Promise<boolean> {
    return (await finishMove.run(this.#client, { objectId })).length > 0;
  }

  /** Leaves an object alone for a minute. */
  async postpone(objectId: string): Promise<void> {
    await postponeObject.run(this.#client, { objectId });
  }

  /** Takes up to `size` objects whose file is gone, for a minute. Returns their ids. */
  async takeGone(size: number): Promise<string[]> {
    return (await takeGone.run(this.#client, { size })).map(({ id }) => id);
  }

  /** Deletes the record of an object that is deleted. */
  async forget(objectId: string): Promise<void> {
    await forgetObject.run(this.#client, { objectId });
  }

  /** Returns the number of bytes that wait in the database to be moved. */
  async waitingBytes(): Promise<number> {
    const [row] = await waitingBytes.run(this.#client);
    return row?.bytes ?? 0;
  }

  /** Returns whether the bytes of any file are in an object, or on their way there. */
  async hasObjects(): Promise<boolean> {
    const [row] = await hasObjects.run(this.#client);
    return row?.hasAny === true;
  }
}
