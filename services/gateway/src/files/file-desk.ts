import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { refuse } from '@parley/runtime';
import type { Download } from '../api/download.js';
import type { ServiceCalls } from '../api/service-calls.js';
import type { PictureStream, Pictures } from '../pictures/pictures.js';
import type { FileBytes } from './file-bytes.js';
import { contentTypeOf, type Serving, servingOf } from './file-content.js';
import { cleanName, dispositionOf } from './file-name.js';
import type { FileStore, StoredFile } from './file-store.js';
import { FileWriter } from './file-writer.js';
import { type FormFile, readForm } from './form-upload.js';
import { readableFile } from './readable-file.js';
import { replaceBytes } from './replace-bytes.js';

/** A request that uploads. */
export interface UploadRequest {
  readonly incoming: IncomingMessage;
  readonly calls: ServiceCalls;
  readonly hold: (bytes: number) => void;
}

/** Content security policy of a file that a browser opens by itself. It allows nothing. */
const policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'";
const noBytes = Buffer.alloc(0);

function headersOf(name: string, { contentType, isInline }: Serving): Download['headers'] {
  return {
    'content-type': contentType,
    'content-disposition': dispositionOf(name, isInline),
    'cache-control': 'private, no-cache',
    'content-security-policy': policy,
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
  };
}

export interface FileDeskDeps {
  readonly store: FileStore;
  readonly bytes: FileBytes;
  readonly pictures: Pictures;
  /** Throws a refusal if no new file can be stored now. */
  readonly checkRoom: () => void;
}

/** Uploads and downloads of files, for every door. */
export class FileDesk {
  readonly #store: FileStore;
  readonly #bytes: FileBytes;
  readonly #pictures: Pictures;
  readonly #checkRoom: () => void;
  /** Files that are being completed, by id. */
  readonly #finishing = new Map<string, Promise<StoredFile>>();

  constructor({ store, bytes, pictures, checkRoom }: FileDeskDeps) {
    this.#store = store;
    this.#bytes = bytes;
    this.#pictures = pictures;
    this.#checkRoom = checkRoom;
  }

  /** Largest file, in bytes. */
  get mostBytes(): number {
    return this.#store.quotas.fileBytes;
  }

  /**
   * Stores the files of a form: all of them, or none.
   * @throws {Refusal} `invalid-upload`, `file-too-large`, `file-quota`, `files-full`, `files-away` and others.
   */
  async receiveForm({ incoming, calls, hold }: UploadRequest): Promise<StoredFile[]> {
    const { id: ownerId } = await calls.me();
    this.#checkRoom();
    const made: string[] = [];
    let left = Number(incoming.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const receive = async ({ name, bytes }: FormFile) => {
      const id = await this.#store.create(ownerId, cleanName(name), Math.min(this.mostBytes, left));
      made.push(id);
      const writer = new FileWriter(this.#store, id, 0, hold);
      await this.#receive(writer, bytes);
      left -= writer.stored;
    };
    try {
      await readForm(incoming, receive);
      const files: StoredFile[] = [];
      for (const id of made) files.push(await this.#finish(await this.#found(id)));
      return files;
    } catch (thrown) {
      await Promise.all(made.map((id) => this.#store.delete(id, ownerId)));
      throw thrown;
    }
  }

  /**
   * Creates a file of `size` bytes, whose bytes arrive later. An empty file is complete at once.
   * @throws {Refusal} `file-too-large`, `file-quota`, `files-full` or `files-away`.
   */
  async begin(calls: ServiceCalls, name: string, size: number): Promise<StoredFile> {
    const { id: ownerId } = await calls.me();
    this.#checkRoom();
    const id = await this.#store.create(ownerId, cleanName(name), size);
    const file = await this.#found(id);
    return size === 0 ? this.#finish(file) : file;
  }

  /**
   * Returns a file of the caller that no message has, complete or not.
   * @throws {Refusal} `file-not-found`
   */
  async upload(calls: ServiceCalls, fileId: string): Promise<StoredFile> {
    const { id: ownerId } = await calls.me();
    const file = await this.#found(fileId);
    if (file.ownerId !== ownerId) throw refuse('file-not-found');
    return file;
  }

  /**
   * Returns an upload of the caller, with the bytes that it has. If it has all of them, completes the
   * file first: a gateway may have stopped in between.
   * @throws {Refusal} `file-not-found`
   */
  async progress(calls: ServiceCalls, fileId: string): Promise<StoredFile> {
    const file = await this.upload(calls, fileId);
    return file.received === file.size ? this.#finish(file) : file;
  }

  /**
   * Appends the body of a request to a file, from the byte `at`. Bytes that arrive before the
   * client disconnects are kept. With the last byte, the file is complete. Returns the file, with the
   * size and the bytes of the upload, from which those of a picture differ.
   * @throws {Refusal} `file-not-found`, `wrong-offset`, `file-too-large` or `cancelled`.
   */
  async append({ incoming, calls, hold }: UploadRequest, fileId: string, at: number): Promise<StoredFile> {
    const { id, received, complete, size } = await this.upload(calls, fileId);
    if (received !== at || complete) throw refuse('wrong-offset');
    if (at + Number(incoming.headers['content-length'] ?? 0) > size) throw refuse('file-too-large');
    const writer = new FileWriter(this.#store, id, at, hold);
    await this.#receive(writer, incoming, size);
    const file = await this.#found(id);
    const appended = file.received === size ? await this.#finish(file) : file;
    return { ...appended, received: writer.stored, size };
  }

  /**
   * Deletes a file of the caller, complete or not.
   * @throws {Refusal} `file-not-found`, or `file-posted` if a message has it.
   */
  async delete(calls: ServiceCalls, fileId: string): Promise<void> {
    const { id, ownerId } = await this.upload(calls, fileId);
    if (!(await this.#store.delete(id, ownerId))) throw refuse('file-posted');
  }

  /**
   * Returns a complete file that the caller may read.
   * @throws {Refusal} `file-not-found`
   */
  find(calls: ServiceCalls, fileId: string): Promise<StoredFile> {
    return readableFile(this.#store, calls, fileId);
  }

  /**
   * Opens a file for a download.
   * @throws {Refusal} `file-not-found`
   */
  async open(calls: ServiceCalls, fileId: string): Promise<Download> {
    const file = await this.find(calls, fileId);
    const { id, name, size } = file;
    return {
      size,
      etag: `"${id}"`,
      headers: headersOf(name, servingOf(file)),
      read: (at, last) => this.#bytes.read(id, at, last),
    };
  }

  /**
   * Opens the thumbnail of a picture for a download.
   * @throws {Refusal} `file-not-found`, also if the file is not a picture.
   */
  async openThumbnail(calls: ServiceCalls, fileId: string): Promise<Download> {
    const { id, name } = await this.find(calls, fileId);
    const bytes = await this.#store.thumbnail(id);
    if (bytes === undefined) throw refuse('file-not-found', { message: 'The file has no thumbnail.' });
    return {
      size: bytes.length,
      etag: `"${id}-thumbnail"`,
      headers: headersOf(`${name}.webp`, { contentType: 'image/webp', isInline: true }),
      read: async (at) => bytes.subarray(at),
    };
  }

  /** Deletes files that nobody can read any more. */
  async purge(): Promise<void> {
    while ((await this.#store.purge()) > 0);
  }

  /**
   * Stores a stream. If the stream breaks, stores the bytes that have arrived. @throws {Refusal}
   */
  async #receive(writer: FileWriter, bytes: Readable, most = this.mostBytes): Promise<void> {
    try {
      for await (const chunk of bytes.iterator({ destroyOnReturn: false })) {
        if (writer.size + chunk.length > most) throw refuse('file-too-large');
        await writer.write(chunk);
      }
    } catch (thrown) {
      const isBroken = bytes.destroyed && !bytes.readableEnded;
      if (!isBroken) throw thrown;
      await writer.flush();
      throw refuse('cancelled', { cause: thrown });
    }
    await writer.flush();
  }

  /**
   * Completes a file that has all its bytes. Does it only once if the same file is completed at the
   * same time.
   */
  async #finish(file: StoredFile): Promise<StoredFile> {
    if (file.complete) return file;
    const running = this.#finishing.get(file.id);
    if (running !== undefined) return running;
    const finish = this.#complete(file).finally(() => this.#finishing.delete(file.id));
    this.#finishing.set(file.id, finish);
    return finish;
  }

  async #complete({ id, ownerId, received }: StoredFile): Promise<StoredFile> {
    const first = await this.#bytes.read(id, 0, received - 1);
    const contentType = await contentTypeOf(first ?? noBytes);
    const upload = { ownerId, contentType, size: received, bytes: this.#bytes.all(id, received) };
    const replace = (picture: PictureStream) => replaceBytes(this.#store, id, { ...picture, contentType });
    const isPicture = await this.#pictures.decode(upload, replace);
    if (isPicture === undefined) await this.#store.complete(id, contentType);
    return this.#found(id);
  }

  async #found(fileId: string): Promise<StoredFile> {
    const file = await this.#store.find(fileId);
    if (file === undefined) throw refuse('file-not-found');
    return file;
  }
}
