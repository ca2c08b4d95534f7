import { refuse } from '@parley/client';
import type { UserFile, UserFiles } from '@parley/client/files';

export type { UserFile } from '@parley/client/files';

const dayMs = 86_400_000;
/** Time within which the gateway must respond about the cookie, in milliseconds. */
const withinMs = 15_000;
/** Maximum number of descriptions in memory. */
const mostKnown = 500;

/** The files of messages and of the user. The part of the SDK for them is loaded when it is needed. */
export class WorkspaceFiles {
  readonly #token: string;
  readonly #known = new Map<string, UserFile>();
  #calls: Promise<UserFiles> | undefined;
  #cookie: Promise<void> | undefined;
  /** Unix ms until which the cookie is used. */
  #cookieUntil = 0;

  constructor(token: string) {
    this.#token = token;
  }

  /** Returns the calls of the SDK for files. @throws {TypeError} if they cannot be loaded */
  calls(): Promise<UserFiles> {
    this.#calls ??= import('@parley/client/files').then(
      (sdk) => new sdk.UserFiles({ origin: location.origin, token: () => this.#token }),
    );
    this.#calls.catch(() => {
      this.#calls = undefined;
    });
    return this.#calls;
  }

  /** Returns a file that was found before. */
  known(id: string): UserFile | undefined {
    return this.#known.get(id);
  }

  /** Describes a file whose bytes the browser can then load. @throws {Refusal} `file-not-found` and others */
  async find(id: string, signal: AbortSignal): Promise<UserFile> {
    const calls = await this.calls();
    await this.allowBrowser();
    const file = await calls.find(id, { signal });
    this.#remember(file);
    return file;
  }

  #remember(file: UserFile): void {
    this.#known.delete(file.id);
    this.#known.set(file.id, file);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(oldest);
    }
  }

  /** Forgets a file whose bytes the browser could not load, so that all of it is tried anew. */
  forget(id: string): void {
    this.#known.delete(id);
    this.#cookieUntil = 0;
  }

  /** Gives the browser a cookie with which it loads the bytes of files. @throws {Refusal} */
  allowBrowser(): Promise<void> {
    if (this.#cookie !== undefined && Date.now() < this.#cookieUntil) return this.#cookie;
    this.#cookieUntil = Date.now() + dayMs;
    this.#cookie = changeFileCookie('PUT', this.#token);
    this.#cookie.catch(() => {
      this.#cookie = undefined;
    });
    return this.#cookie;
  }
}

/** Sets or deletes the cookie with which the browser loads files. @throws {Refusal} */
export async function changeFileCookie(method: 'PUT' | 'DELETE', token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(withinMs);
  const response = await fetch('/api/v1/sessions/current/file-cookie', { method, headers, signal }).catch((cause) => {
    throw refuse('unreachable', { cause });
  });
  if (!response.ok) throw refuse(response.status === 401 ? 'invalid-token' : 'unreachable');
}

/** Returns the address of the bytes of a file. */
export function contentOf({ id }: UserFile): string {
  return `/api/v1/files/${id}/content`;
}

/** Returns the address of the thumbnail of a picture. */
export function thumbnailOf({ id }: Pick<UserFile, 'id'>): string {
  return `/api/v1/files/${id}/thumbnail`;
}
