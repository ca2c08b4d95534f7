import { refuse } from '@parley/runtime/refusal';
import { refusalOf, unreachable } from './problems.js';
import { type UploadSource, uploadByTus } from './upload.js';

export type { UploadSource } from './upload.js';

/** The gateway with the files, and the token of their user. */
export interface FilesOptions {
  /** Origin of a gateway, such as `https://chat.example.org`. */
  readonly origin: string;
  /** Returns the session token, such as `() => client.token`. */
  readonly token: () => string | undefined;
}

/** A complete file. */
export interface UserFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. Those of a picture differ from what was uploaded, because it is encoded again. */
  readonly size: number;
  /** MIME type, which follows from the content. */
  readonly contentType: string;
  /** Whether a message has it. A file that no message has is deleted after a day. */
  readonly posted: boolean;
  /** Size of a picture, in pixels; undefined: the file is to be saved and not to be shown. */
  readonly picture: { readonly width: number; readonly height: number } | undefined;
}

/** Options of `UserFiles.upload`. */
export interface UploadOptions {
  /** Name of the file, for those who receive it. */
  readonly name: string;
  /**
   * Id of an upload to continue, as `onBegin` has told it. If the server does not have it any more,
   * the upload starts again with another id.
   */
  readonly id?: string;
  /** Called with the id of the upload as soon as the server has it. */
  readonly onBegin?: (id: string) => void;
  /** Called with the bytes that are sent, and with all bytes. */
  readonly onProgress?: (sent: number, total: number) => void;
  /** Pauses the upload. To cancel it, also call `delete` with its id. */
  readonly signal?: AbortSignal;
}

/** Options of `UserFiles.download`. */
export interface DownloadOptions {
  /** First byte to read. Default: 0. */
  readonly from?: number;
  readonly signal?: AbortSignal;
}

interface FileJson {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly content_type: string;
  readonly posted: boolean;
  readonly picture: { readonly width: number; readonly height: number } | null;
}

/** Attempts of a download without a byte that arrives, and the time between them, in milliseconds. */
const attempts = 5;
const betweenMs = 1_000;

/**
 * The files of a user: uploads by tus, and downloads with ranges. Both continue after a broken
 * connection, and neither holds a file in memory.
 * @example
 * ```ts
 * import { createReadStream } from 'node:fs';
 * import type { Conversation, ParleyClient } from '@parley/client';
 * import { UserFiles } from '@parley/client/files';
 *
 * async function sendFile(client: ParleyClient, channel: Conversation, path: string) {
 *   const files = new UserFiles({ origin: 'http://127.0.0.1:8080', token: () => client.token });
 *   const { id } = await files.upload(createReadStream(path), { name: 'report.pdf' });
 *   return channel.send('the report', { fileIds: [id] });
 * }
 * ```
 */
export class UserFiles {
  readonly #api: string;
  readonly #token: () => string | undefined;

  constructor({ origin, token }: FilesOptions) {
    this.#api = new URL('/api/v1', origin).href;
    this.#token = token;
  }

  /**
   * Uploads a file of the user.
   * @throws {Refusal} `file-too-large`, `file-quota`, `files-full` and others
   * @throws the reason of the signal if it aborts.
   */
  async upload(source: UploadSource, options: UploadOptions): Promise<UserFile> {
    const { name, id, onBegin, onProgress, signal } = options;
    const endpoint = `${this.#api}/uploads`;
    const url = await uploadByTus({
      ...{ endpoint, source, name, headers: () => this.#headers() },
      ...(id !== undefined && { uploadUrl: `${endpoint}/${encodeURIComponent(id)}` }),
      ...(onBegin !== undefined && { onUrl: (begun: string) => onBegin(idIn(begun)) }),
      ...(onProgress !== undefined && { onProgress }),
      ...(signal !== undefined && { signal }),
    });
    return this.find(idIn(url), signal === undefined ? {} : { signal });
  }

  /** Describes a file that the user may read. @throws {Refusal} `file-not-found` */
  async find(id: string, { signal }: Pick<DownloadOptions, 'signal'> = {}): Promise<UserFile> {
    const response = await this.#request(`/files/${encodeURIComponent(id)}`, { ...(signal && { signal }) });
    const { id: fileId, name, size, content_type: contentType, posted, picture } = (await response.json()) as FileJson;
    const pixels = picture === null ? undefined : { width: picture.width, height: picture.height };
    return { id: fileId, name, size, contentType, posted, picture: pixels };
  }

  /**
   * Yields the bytes of a file. After a broken connection, continues with the next byte.
   * @throws {Refusal} `file-not-found`, `invalid-range` and others
   */
  async *download(id: string, { from = 0, signal }: DownloadOptions = {}): AsyncGenerator<Uint8Array> {
    let at = from;
    for (let failures = 0; ; failures += 1) {
      const before = at;
      try {
        for await (const bytes of this.#part(id, at, signal)) {
          at += bytes.length;
          yield bytes;
        }
        return;
      } catch (thrown) {
        if (signal?.aborted === true) throw signal.reason;
        if (at > before) failures = 0;
        const refusal = unreachable(thrown);
        if (refusal.reason !== 'unreachable' || failures >= attempts) throw refusal;
        await new Promise((resolve) => setTimeout(resolve, betweenMs));
      }
    }
  }

  /** Deletes a file of the user that no message has, or an upload. @throws {Refusal} `file-posted` */
  async delete(id: string): Promise<void> {
    await this.#request(`/files/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  /** Yields bytes from `at` on, as long as the connection holds. */
  async *#part(id: string, at: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const headers = at > 0 ? { range: `bytes=${at}-` } : {};
    const response = await this.#request(`/files/${encodeURIComponent(id)}/content`, {
      headers,
      ...(signal && { signal }),
    });
    if (at > 0 && response.status !== 206) throw refuse('invalid-range');
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const { done = true, value } = (await reader?.read()) ?? {};
        if (done) return;
        if (value !== undefined) yield value;
      }
    } finally {
      await reader?.cancel().catch(() => {});
    }
  }

  #headers(): Record<string, string> {
    const token = this.#token();
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** @throws {Refusal} unless the response is a success. */
  async #request(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...this.#headers(), ...(init.headers as Record<string, string>) };
    const response = await fetch(`${this.#api}${path}`, { ...init, headers }).catch((thrown) => {
      throw init.signal?.aborted === true ? init.signal.reason : unreachable(thrown);
    });
    if (!response.ok) throw refusalOf(response.status, await response.text());
    return response;
  }
}

function idIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
