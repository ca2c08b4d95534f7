import { type Reason, refuse } from '@parley/client';

/** A file of a message, as the REST API describes it. */
export interface ShownFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Size in pixels; null: the file is to be saved and not to be shown. */
  readonly picture: { readonly width: number; readonly height: number } | null;
}

/** Reads the files of messages from the gateway. */
export class FileReader {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** @throws {Refusal} `file-not-found` and others */
  async find(id: string, signal: AbortSignal): Promise<ShownFile> {
    return (await this.#read(id, signal)).json();
  }

  /** Returns the bytes of a file or of its thumbnail, which the browser may keep on disk. @throws {Refusal} */
  async bytes(id: string, which: 'content' | 'thumbnail', signal?: AbortSignal): Promise<Blob> {
    return (await this.#read(`${id}/${which}`, signal)).blob();
  }

  async #read(path: string, signal: AbortSignal | undefined): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const response = await fetch(`/api/v1/files/${path}`, { headers, ...(signal && { signal }) }).catch((cause) => {
      throw signal?.aborted === true ? cause : refuse('unreachable', { cause });
    });
    if (response.ok) return response;
    const { reason = 'unreachable', detail: message } = await response.json().catch(() => ({}));
    throw refuse(reason as Reason, { message });
  }
}
